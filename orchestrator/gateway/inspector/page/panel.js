/* The panel: a call, the calls of an edge or of a state, each on top of what it came from. */

const panel = (() => {
  const narrow = window.matchMedia("(max-width: 1099px)");
  let stack = []; // each: what to draw, and where the focus goes when it is closed

  const top = () => stack[stack.length - 1];

  function open(view) {
    if (!view.isWithin) stack = [];
    stack.push(view);
    $("panel").hidden = false;
    document.body.classList.add("has-panel");
    seclude();
    enter(view);
    $("panel-title").focus();
    // The page beside it has become narrower, and longer.
    if (!narrow.matches) view.opener?.scrollIntoView({ block: "nearest" });
  }

  function enter(view) {
    $("panel-back").hidden = stack.length < 2;
    machine.choose(view.name);
    show($("panel-title"), view.title);
    $("panel-body").replaceChildren(h("p", { class: "hint", text: "Asking the gateway …" }));
    $("panel-body").scrollTop = 0;
    calls.mark(view.call || "");
    view.enter();
  }

  function back() {
    const left = stack.pop();
    if (!left) return;
    if (stack.length) {
      top().returning = left.call;
      enter(top());
      $("panel-title").focus();
      return;
    }
    $("panel").hidden = true;
    document.body.classList.remove("has-panel");
    seclude();
    calls.mark("");
    machine.choose("");
    history.replaceState(null, "", location.pathname + location.search);
    giveBack(left);
  }

  function giveBack(view) {
    const home =
      view.opener && view.opener.isConnected
        ? view.opener
        : view.call
          ? calls.button(view.call)
          : null;
    (home || $("calls")).focus();
  }

  function close() {
    while (stack.length > 1) {
      const inner = stack.pop();
      if (!stack[stack.length - 1].opener) stack[stack.length - 1].opener = inner.opener;
    }
    back();
  }

  /* Where it covers the page it is a dialog, and what is behind it is out of reach. */
  function seclude() {
    const isAlone = narrow.matches && stack.length > 0;
    for (const node of [
      document.querySelector(".top"),
      $("main"),
      document.querySelector(".skip"),
    ])
      node.inert = isAlone;
    $("panel").setAttribute("role", isAlone ? "dialog" : "complementary");
    if (isAlone) $("panel").setAttribute("aria-modal", "true");
    else $("panel").removeAttribute("aria-modal");
  }

  function openCall(id, opener, isWithin) {
    const view = callView(id);
    open({ ...view, opener, isWithin: isWithin || false });
    history.replaceState(null, "", `#call=${encodeURIComponent(id)}`);
  }

  const isTop = (view) => top() && top().name === view;

  /* In a list that one came back to, the focus goes to what was looked at. */
  function listed() {
    const from = top().returning;
    delete top().returning;
    if (!from) return;
    [...$("panel-body").querySelectorAll("[data-call]")]
      .find((one) => one.dataset.call === from)
      ?.focus();
  }

  return {
    openCall,
    openEdge: (from, to, opener) => open({ ...edgeView(from, to), opener }),
    openState: (name, opener) => open({ ...stateView(name), opener }),
    isTop,
    listed,
    heard(call) {
      if (top()) top().heard?.(call);
    },
    draw() {
      if (top()) top().draw?.();
    },
    close,
    begin() {
      $("panel-close").addEventListener("click", close);
      $("panel-back").addEventListener("click", back);
      narrow.addEventListener("change", seclude);
      document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !stack.length || event.defaultPrevented) return;
        event.preventDefault();
        back();
      });
    },
  };
})();

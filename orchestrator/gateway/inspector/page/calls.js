/* The list of calls: what is in it, which stand still, and its rows. */

const PAGE = 50; // rows that are added at once

const calls = (() => {
  const rows = new Map(); // by id: the row and what it shows
  let limit = PAGE,
    shown = [],
    isHeld = false,
    isOver = false;

  function matches(call, text, outcome) {
    if (outcome === "rescued" ? !isRescued(call) : outcome && call.outcome !== outcome)
      return false;
    if (!text) return true;
    const said = [
      call.call,
      call.route,
      call.key,
      call.target,
      call.state,
      call.outcome,
      call.reason,
      call.rescued,
      call.stopped_by,
    ];
    for (const one of call.attempts) said.push(one.target, one.status, one.reason);
    return said.join(" ").toLowerCase().includes(text);
  }

  function wanted() {
    const text = $("text").value.trim().toLowerCase(),
      outcome = $("outcome").value;
    const found = [];
    let total = 0;
    for (const group of [model.running, model.over]) {
      for (const call of [...group.values()].reverse()) {
        if (!matches(call, text, outcome)) continue;
        total += 1;
        if (found.length < limit) found.push(call.call);
      }
    }
    return { found, total };
  }

  const find = (id) => model.running.get(id) || model.over.get(id);
  const isStill = () => isHeld || isOver || $("call-rows").contains(document.activeElement);

  function make(id) {
    const opener = h("button", {
      type: "button",
      class: "open-call",
      text: short(id),
      "aria-label": `Open call ${short(id)}`,
    });
    const row = h(
      "tr",
      { role: "row", "data-call": id },
      h("td", { role: "cell", class: "cell-call" }, opener, " ", h("span", { class: "when" })),
      h("td", { role: "cell", class: "cell-outcome" }),
      h("td", { role: "cell", class: "route" }),
      h("td", { role: "cell", class: "cell-steps" }),
      h("td", { role: "cell", class: "number" }),
    );
    return { row, said: "" };
  }

  function update(one, call) {
    const said = [
      call.outcome,
      call.state,
      call.attempts.length,
      call.target,
      call.reason,
      call.route,
    ].join("|");
    const [first, outcome, route, path, long] = one.row.children;
    show(long, took(call.outcome === "running" ? now() - call.time : call.seconds));
    if (one.said === said) return;
    one.said = said;
    show(first.lastChild, at(call.time));
    outcome.replaceChildren(outcomeChip(call));
    route.replaceChildren(
      call.route || "–",
      call.key ? h("small", { text: `key ${call.key}` }) : "",
    );
    path.replaceChildren(steps(call));
  }

  function place(ids) {
    const body = $("call-rows");
    const gone = new Set(rows.keys());
    let before = null;
    for (const id of ids) {
      const call = find(id);
      if (!call) continue;
      gone.delete(id);
      if (!rows.has(id)) rows.set(id, make(id));
      const one = rows.get(id);
      update(one, call);
      const follows = before ? before.nextSibling : body.firstChild;
      if (follows !== one.row) body.insertBefore(one.row, follows);
      before = one.row;
    }
    for (const id of gone) {
      rows.get(id).row.remove();
      rows.delete(id);
    }
  }

  function empty(total) {
    const isEmpty = total === 0;
    $("call-table").hidden = isEmpty;
    $("calls-empty").hidden = !isEmpty;
    if (!isEmpty) return;
    const isFiltered = $("text").value.trim() || $("outcome").value;
    const kind = !model.hello
      ? "none"
      : isFiltered && model.running.size + model.over.size
        ? "filtered"
        : "new";
    if ($("calls-empty").dataset.kind === kind) return;
    $("calls-empty").dataset.kind = kind;
    if (kind === "none")
      $("calls-empty").replaceChildren(h("p", { class: "hint", text: "Asking the gateway …" }));
    else if (kind === "filtered") {
      $("calls-empty").replaceChildren(
        h(
          "p",
          {},
          "No call is like that. ",
          h("button", {
            type: "button",
            class: "plain-button",
            onclick: clear,
            text: "Show all",
          }),
        ),
      );
    } else {
      const withKey = key ? ' \\\n  -H "authorization: Bearer $GATEWAY_KEY"' : "";
      $("calls-empty").replaceChildren(
        h("p", {
          text: `No call yet. Send one to ${location.origin}/v1/chat/completions, and watch it here:`,
        }),
        h("pre", {
          text: `curl ${location.origin}/v1/chat/completions${withKey} \\\n  --json '{"messages": [{"role": "user", "content": "Say hi"}]}'`,
        }),
      );
    }
  }

  function clear() {
    $("text").value = "";
    $("outcome").value = "";
    anew();
    $("text").focus();
  }

  function anew() {
    shown = null;
    frames.want();
  }

  function draw() {
    const { found, total } = wanted();
    const fresh = shown ? found.filter((id) => !rows.has(id)).length : 0;
    if (!shown || !isStill()) shown = found;
    place(shown);
    const isBehind = isStill() && fresh > 0;
    $("newer").hidden = !isBehind;
    if (isBehind)
      show(
        $("newer"),
        fresh >= limit ? `Show ${number(limit)} newer` : `Show ${number(fresh)} newer`,
      );
    empty(total);
    $("more").hidden = total <= limit;
    show(
      $("calls-count"),
      total ? `${number(Math.min(limit, total))} of ${plural(total, "call")}` : "",
    );
  }

  function begin() {
    const body = $("call-rows");
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row && !window.getSelection().toString())
        panel.openCall(row.dataset.call, row.querySelector("button"));
    });
    body.addEventListener("pointerenter", (event) => {
      isOver = event.pointerType === "mouse";
    });
    body.addEventListener("pointerleave", () => {
      isOver = false;
      frames.want();
    });
    body.addEventListener("focusout", () => frames.want());
    $("filter").addEventListener("submit", (event) => event.preventDefault());
    $("text").addEventListener("input", () => {
      limit = PAGE;
      anew();
    });
    $("outcome").addEventListener("change", () => {
      limit = PAGE;
      anew();
    });
    $("more").addEventListener("click", () => {
      limit += PAGE;
      anew();
    });
    $("newer").addEventListener("click", () => {
      anew();
      $("calls").focus();
    });
    $("hold").addEventListener("click", () => {
      isHeld = !isHeld;
      $("hold").setAttribute("aria-pressed", String(isHeld));
      say(isHeld ? "The list stands still." : "The list moves on.");
      if (!isHeld) anew();
    });
  }

  return {
    draw,
    begin,
    mark(id) {
      for (const [one, { row }] of rows) {
        if (one === id) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      }
    },
    button: (id) => rows.get(id)?.row.querySelector("button") || null,
    find,
  };
})();

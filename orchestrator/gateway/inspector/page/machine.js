/* The machine: states that are lit, edges that are counted. */

const machine = (() => {
  const states = new Map(),
    edges = new Map(),
    rows = new Map();
  const hot = new Set();
  let items = [],
    cooling = 0,
    isPrepared = false;

  function prepare() {
    const picture = $("machine").querySelector("svg");
    isPrepared = true;
    if (!picture) return;
    picture.setAttribute("aria-describedby", "machine-hint");
    for (const node of picture.querySelectorAll(".edge")) edge(node);
    for (const node of picture.querySelectorAll(".state")) state(node);
    items = [...picture.querySelectorAll(".state"), ...picture.querySelectorAll(".edge")];
    items.forEach((node, index) => node.setAttribute("tabindex", index ? "-1" : "0"));
    $("machine").addEventListener("keydown", roam);
  }

  function button(node, open) {
    node.setAttribute("role", "button");
    node.addEventListener("click", () => open(node));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(node);
    });
    node.addEventListener("focus", () => {
      for (const other of items) other.setAttribute("tabindex", other === node ? "0" : "-1");
    });
  }

  function state(node) {
    const name = node.dataset.state,
      box = node.getBBox();
    const badge = svg("g", { class: "badge" });
    badge.append(
      svg("rect", { y: box.y - 14, height: 26, rx: 13 }),
      svg("text", { x: box.x + box.width, y: box.y + 5, "text-anchor": "middle" }),
    );
    node.append(badge);
    states.set(name, {
      node,
      label: badge.lastChild,
      shape: badge.firstChild,
      count: -1,
      x: box.x + box.width,
    });
    button(node, (from) => panel.openState(name, from));
  }

  function edge(node) {
    const { from, to } = node.dataset,
      name = `${from}>${to}`;
    edges.set(name, { node, label: node.querySelector(".count"), count: -1 });
    button(node, (opener) => panel.openEdge(from, to, opener));
    const wide = node.querySelector(".hit");
    wide.addEventListener("click", () => panel.openEdge(from, to, node));
    wide.addEventListener("pointerenter", () => node.classList.add("near"));
    wide.addEventListener("pointerleave", () => node.classList.remove("near"));
    // What is easy to meet lies below all that is seen: what is seen is what is met.
    node.parentNode.prepend(wide);
  }

  /* One stop for Tab; the arrow keys go on from there. */
  function roam(event) {
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const here = items.indexOf(document.activeElement);
    if (here < 0) return;
    let next = null;
    if (event.key in moves) next = items[(here + moves[event.key] + items.length) % items.length];
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items[items.length - 1];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  function drawStates() {
    const counts = new Map();
    for (const call of model.running.values())
      counts.set(call.state, (counts.get(call.state) || 0) + 1);
    for (const [name, one] of states) {
      const count = counts.get(name) || 0;
      if (count === one.count) continue;
      one.count = count;
      const text = count > 9999 ? "9999+" : String(count),
        width = 18 + 9 * text.length;
      one.node.classList.toggle("lit", count > 0);
      one.label.textContent = count ? text : "";
      one.shape.setAttribute("width", width);
      one.shape.setAttribute("x", one.x - width / 2);
      one.node.setAttribute(
        "aria-label",
        `${words(name)}: ${count ? plural(count, "call") : "no call"} now`,
      );
    }
  }

  function drawEdges() {
    for (const [name, one] of edges) {
      const count = model.edges.get(name) || 0;
      one.node.classList.toggle("hot", hot.has(name));
      if (count === one.count) continue;
      one.count = count;
      one.label.textContent = count ? number(count) : "";
      one.node.classList.toggle("taken", count > 0);
      const [from, to] = name.split(">");
      one.node.setAttribute(
        "aria-label",
        `${words(from)} to ${words(to)}: ${plural(count, "move")}`,
      );
    }
  }

  function drawList() {
    if (!$("moves").open) return;
    const names = new Set([...edges.keys(), ...model.edges.keys()]);
    for (const name of names) {
      if (!rows.has(name)) {
        const [from, to] = name.split(">"),
          count = h("b");
        const opener = h(
          "button",
          { type: "button", onclick: () => panel.openEdge(from, to, opener) },
          h("span", { text: `${words(from)} → ${words(to)}` }),
          count,
        );
        $("edge-list").append(h("li", {}, opener));
        rows.set(name, count);
      }
      show(rows.get(name), number(model.edges.get(name) || 0));
    }
  }

  return {
    /* Shows where the panel is about: a state or an edge by its name, or nothing. */
    choose(name) {
      for (const node of items) {
        const own = node.dataset.state
          ? `state ${node.dataset.state}`
          : `edge ${node.dataset.from}>${node.dataset.to}`;
        node.classList.toggle("chosen", own === name);
      }
    },
    touched(edge) {
      hot.add(edge);
      if (cooling) return;
      cooling = setTimeout(() => {
        cooling = 0;
        hot.clear();
        frames.hear();
      }, 700);
    },
    draw() {
      if (!isPrepared && !$("main").hidden) prepare();
      drawStates();
      drawEdges();
      drawList();
    },
  };
})();

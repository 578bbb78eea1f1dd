/* In the panel: the calls that went along an edge. */

function edgeView(from, to) {
  const name = `edge ${from}>${to}`;
  const body = $("panel-body");

  function told({ why: taken }) {
    const rule = taken.rule && h("span", {}, "rule ", h("code", { text: taken.rule }));
    const row = taken.row && h("span", {}, "row ", h("code", { text: taken.row }));
    const facts = [
      taken.target,
      taken.status && `HTTP ${taken.status}`,
      taken.reason && words(taken.reason),
    ]
      .filter(Boolean)
      .join(" · ");
    return [
      h(
        "p",
        { class: "details" },
        facts ? h("span", { text: facts }) : null,
        rule || null,
        row || null,
      ),
      taken.message ? h("p", { class: "words", text: taken.message }) : null,
    ];
  }

  /* What the edge tells of a call, beside what the list has of it. */
  function joined(taken) {
    return { ...taken, ...calls.find(taken.call), time: taken.time, why: taken };
  }

  async function enter() {
    let found;
    try {
      found = await read(
        `/inspector/edges?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`,
      );
    } catch (error) {
      if (panel.isTop(name))
        body.replaceChildren(h("p", { class: "bad-words", text: why(error) }));
      return;
    }
    if (!panel.isTop(name)) return;
    const count = model.edges.get(`${from}>${to}`) || 0;
    body.replaceChildren(
      h("p", {
        class: "hint",
        text: `${plural(count, "move")}; the newest of calls that are kept, with the rule and the provider's words.`,
      }),
      found.calls.length
        ? listedCalls(found.calls.map(joined), true, told)
        : h("p", { text: "No call that is kept has taken this way." }),
    );
    panel.listed();
  }

  return { name, title: `${words(from)} → ${words(to)}`, enter };
}

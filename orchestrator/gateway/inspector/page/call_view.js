/* In the panel: a call, with its facts, attempts and moves. */

function callView(id) {
  const name = `call ${id}`,
    body = $("panel-body");
  let timer = 0,
    parts = null,
    drawnOf = "",
    isOver = false;

  async function enter() {
    parts = null;
    drawnOf = "";
    await refresh();
  }

  async function refresh() {
    timer = 0;
    let call;
    try {
      call = await read(`/v1/calls/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!panel.isTop(name)) return;
      if (!parts) body.replaceChildren(h("p", { class: "bad-words", text: why(error) }));
      return;
    }
    if (!panel.isTop(name)) return;
    if (!parts) begin();
    isOver = call.outcome !== "running";
    const drawn = JSON.stringify([call.attempts, call.moves, call.outcome]);
    if (drawn === drawnOf) return;
    drawnOf = drawn;
    parts.facts.replaceChildren(...facts(call));
    parts.attempts.replaceChildren(...attempts(call));
    parts.moves.replaceChildren(...moves(call));
    parts.skipped.replaceChildren(...skipped(call));
    parts.later.hidden = isOver;
    if (isOver && !parts.replay.childElementCount) parts.replay.append(replayPart(id));
  }

  function begin() {
    parts = {
      facts: h("dl", { class: "facts" }),
      attempts: h("section", { "aria-label": "Attempts" }),
      skipped: h("section", { "aria-label": "Skipped" }),
      moves: h("section", { "aria-label": "Moves" }),
      replay: h("div"),
      later: h("p", {
        class: "hint",
        text: "When it is over, it can be played again on another policy.",
      }),
    };
    body.replaceChildren(...Object.values(parts));
  }

  return {
    name,
    call: id,
    title: `Call ${short(id)}`,
    enter,
    heard(call) {
      if (call === id && !timer) timer = setTimeout(refresh, 150);
    },
  };
}

/* Parts of a call's panel. */

function facts(call) {
  const told = [
    ["Outcome", outcomeChip(call)],
    ["Route", call.route],
    ["Began", `${at(call.time)}, ${new Date(call.time * 1000).toLocaleDateString()}`],
    [
      "Took",
      call.outcome === "running" ? "until now: " + took(call.seconds) : took(call.seconds),
    ],
    ["Overhead", took(call.overhead)],
    ["Key", call.key],
    ["Rescued from", call.rescued && words(call.rescued)],
    ["Cause", call.reason && words(call.reason)],
    ["Stopped by", call.stopped_by && words(call.stopped_by)],
    ["Id", h("code", { text: call.call })],
  ];
  return told
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", {}, value)));
}

function attempts(call) {
  const list = call.attempts.map((one) =>
    h(
      "li",
      { class: `attempt ${one.reason ? "failed" : ""}` },
      h(
        "div",
        { class: "attempt-line" },
        h("span", { class: "ordinal", text: String(one.number) }),
        h("span", { class: "target", text: one.target }),
        h("span", { class: "mono", text: one.credential }),
        h("span", {
          class: `chip ${one.reason ? "bad" : "good"}`,
          text:
            [one.status, one.reason ? words(one.reason) : ""].filter(Boolean).join(" ") ||
            "answered",
        }),
        one.probe ? h("span", { class: "chip warn", text: "probe" }) : null,
        h("span", { class: "took", text: took(one.seconds) }),
      ),
      one.message ? h("p", { class: "words", text: one.message }) : null,
      h(
        "p",
        { class: "details" },
        one.rule ? h("span", {}, "rule ", h("code", { text: one.rule })) : null,
        h("span", {}, "next ", h("code", { text: one.next })),
        one.retry_after ? h("span", { text: `asks for ${took(one.retry_after)}` }) : null,
        one.usage ? h("span", { text: plural(one.usage.total_tokens, "token") }) : null,
        one.request_id ? h("span", {}, "request ", h("code", { text: one.request_id })) : null,
      ),
      one.hint ? h("p", { class: "hint", text: one.hint }) : null,
      (one.notes || []).map((note) => h("p", { class: "hint", text: `note: ${note}` })),
    ),
  );
  return [
    h("h3", { text: plural(call.attempts.length, "attempt") }),
    list.length
      ? h("ol", {}, list)
      : h("p", { class: "hint", text: "No request was answered or has failed yet." }),
  ];
}

function moves(call) {
  const list = call.moves.map((one) =>
    h(
      "li",
      {},
      h("b", { text: `${words(one.state)} → ${words(one.to)}` }),
      " ",
      h(
        "span",
        { class: "hint" },
        `on ${one.event}, row ${one.row}${one.because ? `: ${one.because}` : ""}${one.facts ? ` (${one.facts})` : ""}`,
      ),
    ),
  );
  return [
    h("h3", { text: plural(call.moves.length, "move") }),
    h("ol", { class: "moves" }, list),
  ];
}

function skipped(call) {
  if (!call.skipped.length) return [];
  const list = call.skipped.map((one) =>
    h(
      "li",
      {},
      h("b", { text: one.target }),
      " ",
      h("span", {
        class: "hint",
        text: [one.reason && words(one.reason), one.message].filter(Boolean).join(": "),
      }),
    ),
  );
  return [h("h3", { text: "Not asked" }), h("ul", { class: "moves" }, list)];
}

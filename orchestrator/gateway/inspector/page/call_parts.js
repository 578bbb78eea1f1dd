/* Parts of a call wherever calls are listed: its outcome, its attempts, its line. */

function outcomeChip(call) {
  if (call.outcome === "running")
    return h("span", { class: "chip live", text: words(call.state) });
  if (call.outcome === "succeed") {
    return h("span", { class: "chip good", text: call.rescued ? "rescued" : "answered" });
  }
  const reason = call.reason || call.stopped_by || "failed";
  return h("span", { class: "chip bad", text: `failed: ${words(reason)}` });
}

function steps(call) {
  const list = h("span", { class: "steps" });
  call.attempts.forEach((one, index) => {
    const isSame = (other) =>
      other &&
      other.target === one.target &&
      other.status === one.status &&
      other.reason === one.reason;
    if (isSame(call.attempts[index - 1])) return;
    let times = 1;
    while (isSame(call.attempts[index + times])) times += 1;
    const result =
      [one.status, one.reason && words(one.reason), times > 1 && `×${times}`]
        .filter(Boolean)
        .join(" ") || "no answer";
    list.append(
      h(
        "span",
        { class: `step ${one.reason ? "failed" : "answered"}` },
        `${one.target} `,
        h("b", { text: result }),
      ),
    );
  });
  if (call.rescued && !call.attempts.some((one) => one.reason))
    list.prepend(
      h(
        "span",
        { class: "step failed" },
        "first choice not asked: ",
        h("b", { text: words(call.rescued) }),
      ),
    );
  if (call.outcome === "running" && call.target)
    list.append(h("span", { class: "step", text: `${call.target} …` }));
  if (!list.childElementCount)
    list.append(
      h("span", {
        class: "step",
        text: call.outcome === "running" ? "no attempt yet" : "nothing was asked",
      }),
    );
  return list;
}

function listedCalls(found, isWithin, more) {
  return h(
    "ul",
    { class: "listed" },
    found.map((one) => {
      const opener = h("button", {
        type: "button",
        class: "open-call",
        "data-call": one.call,
        text: short(one.call),
        "aria-label": `Open call ${short(one.call)}`,
        onclick: () => panel.openCall(one.call, opener, isWithin),
      });
      return h(
        "li",
        {},
        h(
          "div",
          { class: "attempt-line" },
          opener,
          h("span", { class: "hint", text: at(one.time) }),
          one.outcome && outcomeChip(one),
          h("span", { class: "route", text: one.route || "" }),
        ),
        more(one),
      );
    }),
  );
}

/* In the panel: a call that is over, again on another policy. */

let edited = null; // the policy as it was left, for the next call too

function replayPart(id) {
  const area = h("textarea", {
    id: "policy",
    rows: "14",
    spellcheck: "false",
    autocapitalize: "off",
    "aria-describedby": "policy-hint",
  });
  const result = h("div", { "aria-live": "polite" });
  const play = h("button", { type: "submit", class: "main-button", text: "Play again" });
  const form = h(
    "form",
    { class: "replay-form", onsubmit: run },
    h("label", { for: "policy", class: "hint", text: "Policy (TOML)" }),
    area,
    h("p", {
      class: "hint",
      id: "policy-hint",
      text: "Nothing is sent, and the gateway's own policy stays: the machine runs on what the providers said then. Ctrl+Enter plays.",
    }),
    h(
      "p",
      { class: "replay-actions line" },
      play,
      h("button", {
        type: "button",
        text: "The policy that it had",
        onclick: () => {
          edited = null;
          load();
        },
      }),
    ),
    result,
  );
  const part = h(
    "section",
    { "aria-label": "Play again" },
    h("h3", { text: "Play again on another policy" }),
    form,
  );
  area.addEventListener("input", () => {
    edited = area.value;
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  load();

  async function load() {
    if (edited !== null) {
      area.value = edited;
      return;
    }
    try {
      area.value = (await read(`/inspector/policy?call=${encodeURIComponent(id)}`)).policy;
    } catch (error) {
      result.replaceChildren(h("p", { class: "bad-words", text: why(error) }));
    }
  }

  async function run(event) {
    event.preventDefault();
    play.disabled = true;
    try {
      result.replaceChildren(
        ...difference(await send("/inspector/replay", { call: id, policy: area.value })),
      );
    } catch (error) {
      result.replaceChildren(h("p", { class: "bad-words", text: why(error) }));
    }
    play.disabled = false;
  }

  return part;
}

function difference(told) {
  const isSame = told.difference.length === 0;
  return [
    isSame
      ? h("p", { class: "verdict same", text: "Nothing would go otherwise." })
      : h(
          "ul",
          { class: "verdict" },
          told.difference.map((text) => h("li", { text })),
        ),
    told.changes.length
      ? h("p", { class: "hint" }, "Changed: ", told.changes.join("; "))
      : h("p", { class: "hint", text: "Changed: nothing; it is the policy that the call had." }),
    h(
      "div",
      { class: "sides" },
      side("As it was", told.before),
      side("As it would be", told.after),
    ),
  ];
}

function side(title, one) {
  const list = one.attempts.map((each) =>
    h(
      "li",
      {},
      h("span", { class: "ordinal", text: String(each.number) }),
      h("span", {}, each.target, " ", h("span", { class: "mono", text: each.credential })),
      " ",
      h("b", {
        class: each.reason ? "bad-words" : "good-words",
        text: [each.status, each.reason ? words(each.reason) : "answered"]
          .filter(Boolean)
          .join(" "),
      }),
      ` ${took(each.seconds)}`,
      each.assumed ? h("span", { class: "hint", text: " (assumed)" }) : null,
    ),
  );
  return h(
    "div",
    { class: "side" },
    h("h4", { text: title }),
    h(
      "p",
      { class: "details" },
      outcomeChip({ ...one, rescued: null }),
      h("span", { text: took(one.seconds) }),
    ),
    h("ol", { class: "moves" }, list),
    h("p", { class: "hint", text: one.path }),
  );
}

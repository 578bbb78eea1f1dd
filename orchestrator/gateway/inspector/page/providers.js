/* Providers: what is marked, until when, in whose words; what a vendor tells of money. */

const STATES = {
  cooldown: ["cooling", "warn"],
  bench: ["benched", "bad"],
  circuit: ["circuit open", "bad"],
  dead: ["dead", "bad"],
};

function stateOf(row) {
  if (!row.mark) return ["ready", "good"];
  if (row.probed) return ["being probed", "live"];
  if (row.due) return ["due: the next call probes it", "warn"];
  return STATES[row.mark] || [words(row.mark), "bad"];
}

const providers = (() => {
  let seen = new Map(); // by provider: its state, to tell of changes
  let asking = null; // the provider whose marks are about to be forgotten
  let drawnOf = "";

  /* Each provider with what is marked of it and below it, those in trouble first. */
  function grouped(body) {
    const found = body.providers.map((own) => {
      const below = [...own.credentials, ...own.targets].filter((row) => row.mark);
      const balance = own.balance || null;
      return {
        name: own.provider,
        own,
        below,
        balance,
        isOut: [own, ...below.filter((row) => !row.label)].some(
          (row) => row.mark && row.mark !== "cooldown" && !row.due,
        ),
        isLow: Boolean(balance && (balance.is_low || balance.available === false)),
      };
    });
    const weight = (one) =>
      one.isOut ? 0 : one.own.mark || one.below.length ? 1 : one.isLow ? 2 : 3;
    return found.sort((a, b) => weight(a) - weight(b));
  }

  function taken(body, error) {
    if (error) {
      model.board = null;
      show($("providers-empty"), error.status === 403 ? FOR_ADMINS : why(error));
    } else {
      model.board = grouped(body);
      tell(model.board);
      const alone = body.trouble ? `These marks are of this gateway alone: ${body.trouble}` : "";
      show(
        $("providers-empty"),
        model.board.length ? alone : "No provider is on a route of this config.",
      );
    }
    $("providers-empty").hidden = !$("providers-empty").textContent;
    draw();
  }

  function tell(rows) {
    const now = new Map(rows.map((one) => [one.name, headline(one)[0]]));
    for (const [name, state] of now) {
      if (seen.has(name) && seen.get(name) !== state) say(`${name} is ${state}.`);
    }
    seen = now;
  }

  function headline(one) {
    if (one.own.mark) return stateOf(one.own);
    const count = one.below.length;
    return count ? [`ready, ${plural(count, "mark")}`, "warn"] : ["ready", "good"];
  }

  function draw() {
    const rows = model.board || [];
    const drawn = JSON.stringify([rows, asking]);
    if (drawn === drawnOf) return;
    drawnOf = drawn;
    const active = document.activeElement,
      list = $("providers");
    const focused = list.contains(active) ? [active.dataset.provider, active.dataset.role] : null;
    list.replaceChildren(...rows.map(item));
    if (focused) refocus(list, ...focused);
  }

  /* A list that was drawn anew keeps the focus where it was, or as near as there is. */
  function refocus(list, name, role) {
    const all = [...list.querySelectorAll("[data-provider]")].filter(
      (one) => one.dataset.provider === name,
    );
    (
      all.find((one) => one.dataset.role === role) ||
      all.find((one) => one.dataset.role === "reset") ||
      all[0]
    )?.focus();
  }

  function item(one) {
    const [state, kind] = headline(one);
    const reset =
      (one.own.mark || one.below.length) && asking !== one.name
        ? h("button", {
            type: "button",
            "data-provider": one.name,
            "data-role": "reset",
            "aria-label": `Reset ${one.name}`,
            text: "Reset",
            onclick: () => sure(one.name),
          })
        : null;
    return h(
      "li",
      {},
      h(
        "div",
        { class: "provider-head" },
        h(
          "div",
          { class: "mark" },
          h("h3", {
            tabindex: "-1",
            "data-provider": one.name,
            "data-role": "name",
            text: one.name,
          }),
          h("span", { class: `chip ${kind}`, text: state }),
          due(one.own),
        ),
        reset,
      ),
      one.own.mark ? said(one.own) : null,
      one.balance ? money(one.balance) : null,
      retries(one.own.retries),
      asking === one.name ? question(one.name) : null,
      one.below.length ? h("ul", { class: "marks" }, one.below.map(mark)) : null,
    );
  }

  function mark(row) {
    const [state, kind] = stateOf(row);
    const who = [row.label, row.model].filter(Boolean).join(" for ");
    return h(
      "li",
      { class: "bad-mark" },
      h(
        "div",
        { class: "mark" },
        h("span", { class: "who", text: who }),
        h("span", { class: `chip ${kind}`, text: state }),
        due(row),
      ),
      said(row),
    );
  }

  function due(row) {
    if (!row.mark || row.due || row.until === null || row.until === undefined) return null;
    return h("span", { class: "due", "data-until": row.until, text: countdown(row.until) });
  }

  function said(row) {
    const facts = [
      row.reason && words(row.reason),
      row.status && `HTTP ${row.status}`,
      row.since && `since ${at(row.since)}`,
      row.expected && `expected to end at ${at(row.expected)}`,
      !row.reason && row.failures && `${plural(row.failures, "failure")} in a row`,
    ];
    return h(
      "div",
      { class: "bad-mark" },
      h("p", { class: "hint", text: facts.filter(Boolean).join(", ") }),
      row.message ? h("p", { class: "words", text: row.message }) : null,
    );
  }

  function money(balance) {
    const amount =
      balance.amount === null || balance.amount === undefined
        ? "balance unknown"
        : `${Number(balance.amount).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${balance.currency || ""}`.trim();
    const isLow = balance.is_low || balance.available === false;
    const left =
      balance.available === false
        ? `${amount}: the vendor calls it empty`
        : isLow
          ? `${amount}: below the line`
          : amount;
    const asked = h("span", { "data-since": balance.asked, text: ago(now() - balance.asked) });
    return h(
      "p",
      { class: `money${isLow ? " low" : ""}` },
      `${left}, asked `,
      asked,
      balance.trouble ? `: ${balance.trouble}` : null,
    );
  }

  /* What retries may still spend, where they have spent something. */
  function retries(budget) {
    if (!budget || budget.left === null || budget.left >= budget.of) return null;
    const state = budget.paused ? "retries are paused: budget" : "retry budget";
    return h("p", { class: "hint", text: `${state} ${budget.left} of ${budget.of}` });
  }

  function question(name) {
    const id = "sure-words";
    return h(
      "div",
      {
        class: "sure",
        role: "group",
        "aria-labelledby": id,
        onkeydown: (event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          keepMarks(name);
        },
      },
      h("span", { id, text: `Forget all marks of ${name}? The next calls try it again.` }),
      h("button", {
        type: "button",
        "data-provider": name,
        "data-role": "sure",
        text: "Forget them",
        onclick: () => forget(name),
      }),
      h("button", {
        type: "button",
        "data-provider": name,
        "data-role": "keep",
        text: "Keep them",
        onclick: () => keepMarks(name),
      }),
    );
  }

  function sure(name) {
    asking = name;
    draw();
    refocus($("providers"), name, "sure");
  }

  function keepMarks(name) {
    asking = null;
    draw();
    refocus($("providers"), name, "reset");
  }

  async function forget(name) {
    try {
      const { removed } = await send("/inspector/reset", { provider: name });
      say(`Forgot ${plural(removed ?? 0, "mark")} of ${name}.`);
    } catch (error) {
      say(`${name} was not reset: ${why(error)}.`);
    }
    asking = null;
    drawnOf = "";
    draw();
    refocus($("providers"), name, "name");
    board.now();
  }

  function tick() {
    for (const node of document.querySelectorAll("[data-until]")) {
      const until = Number(node.dataset.until);
      show(node, countdown(until));
      if (until <= now()) {
        node.removeAttribute("data-until"); // once: the board tells what comes of it
        board.soon();
      }
    }
    for (const node of document.querySelectorAll("[data-since]"))
      show(node, ago(now() - Number(node.dataset.since)));
  }

  return { taken, tick };
})();

function countdown(until) {
  const left = Math.ceil(until - now());
  if (left <= 0) return "due";
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [
    Math.floor(left / HOUR),
    Math.floor((left % HOUR) / 60),
    left % 60,
  ];
  return hours
    ? `due in ${hours}:${two(minutes)}:${two(seconds)}`
    : `due in ${minutes}:${two(seconds)}`;
}

const board = reader("/inspector/board", 1000, providers.taken);
board.now = () => {
  board.stop();
  board.soon();
};

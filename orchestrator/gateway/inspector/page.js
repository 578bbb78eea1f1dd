"use strict";
/* The inspector of a gateway.

   What comes in changes a model; a frame later the page is made to show it. Whatever happens in
   between is drawn once, so a thousand calls a second cost as much as one. Text of others (words
   of providers, names of routes) becomes text nodes and attributes only, never markup. */
(() => {
  const KEPT = 1000; // calls that are over, as the gateway keeps them
  const PAGE = 50; // rows that are added at once
  const MANY = 60,
    BUSY_MS = 500; // after so many events the page is drawn once in so long
  const LEAST_WAIT = 500,
    MOST_WAIT = 10000; // ms before the stream is asked for again
  const SILENCE = 40000; // ms; the gateway says at least every 15 s that there is nothing
  const HOUR = 3600;

  const $ = (id) => document.getElementById(id);

  /* Elements, from text. */

  function fill(node, children) {
    for (const child of children.flat()) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  }

  function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "text") node.textContent = value;
      else node.setAttribute(name, value === true ? "" : value);
    }
    return fill(node, children);
  }

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    return fill(node, children);
  }

  function show(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  /* Numbers and times, in words. */

  const grouped = new Intl.NumberFormat("en");
  const clockTime = new Intl.DateTimeFormat([], {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const minuteTime = new Intl.DateTimeFormat([], {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });

  const at = (seconds) => clockTime.format(new Date(seconds * 1000));
  const minuteAt = (seconds) => minuteTime.format(new Date(seconds * 1000));
  const number = (value) => grouped.format(value);
  const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
  const percent = (part, whole) => `${Math.round((100 * part) / whole)} %`;

  function took(seconds) {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 100) return `${seconds.toFixed(1)} s`;
    return span(seconds);
  }

  function span(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < HOUR)
      return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
    if (whole < 48 * HOUR)
      return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / 60)} min`;
    return `${Math.floor(whole / (24 * HOUR))} d`;
  }

  const rough = (seconds) =>
    seconds < 600
      ? span(seconds)
      : seconds < HOUR
        ? `${Math.round(seconds / 60)} min`
        : span(seconds);

  function ago(seconds) {
    if (seconds < 5) return "just now";
    return `${seconds < 60 ? span(seconds) : seconds < HOUR ? `${Math.floor(seconds / 60)} min` : span(seconds)} ago`;
  }

  const words = (name) => String(name).replaceAll("_", " ");
  const short = (call) => call.slice(0, 8);

  /* What is kept only as long as the tab, and what longer. */

  function stored(storage, name, value) {
    try {
      if (value === undefined) return storage().getItem(name);
      if (value === null) storage().removeItem(name);
      else storage().setItem(name, value);
    } catch {
      return undefined; // a browser that keeps nothing: the page works until it is left
    }
    return value;
  }

  const tab = () => window.sessionStorage;
  const browser = () => window.localStorage;

  let key = stored(tab, "gateway-key") || null;

  /* Asking the gateway. */

  class Refused extends Error {
    constructor(status, message) {
      super(message);
      this.status = status;
    }
  }

  class Unreachable extends Error {}

  async function refusal(answer) {
    let said = "";
    try {
      const body = await answer.json();
      said = (body.error && (body.error.message || body.error)) || body.message || "";
    } catch {
      // no JSON: the status has to do
    }
    return new Refused(answer.status, String(said || `the gateway answered ${answer.status}`));
  }

  async function ask(path, options = {}) {
    const headers = { ...options.headers };
    if (key) headers.authorization = `Bearer ${key}`;
    const said = { cache: "no-store", credentials: "omit", ...options, headers };
    const answer = await fetch(path, said).catch(() => {
      throw new Unreachable();
    });
    if (answer.status === 401) askForKey();
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  const read = async (path) => (await ask(path)).json();

  async function send(path, body) {
    const headers = { "content-type": "application/json" };
    return (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
  }

  /* What went wrong, in words; a mistake of this script is none of that. */
  function why(error) {
    if (error instanceof Refused) return error.message;
    if (error instanceof Unreachable) return "the gateway does not answer";
    throw error;
  }

  /* The model: what is known now. */

  let linked = (/^#call=([0-9a-f]{8,64})$/.exec(location.hash) || [])[1];

  const model = {
    hello: null,
    skew: 0, // seconds by which the gateway's clock is ahead of this one
    running: new Map(), // by id, the oldest first
    over: new Map(), // the same of calls that ended, in the order of their ends
    edges: new Map(), // "from>to" to how often
    board: null,
    figures: null,
    denied: false, // true where the key is no admin's
    missed: 0, // events that came too fast to be told of
  };

  const now = () => Date.now() / 1000 + model.skew;

  function greet(hello) {
    const before = model.hello;
    model.hello = hello;
    model.skew = hello.now - Date.now() / 1000;
    model.denied = hello.admin === false;
    model.running.clear();
    model.over.clear();
    for (const call of [...hello.calls].reverse()) keep({ ...call, since: call.time });
    model.edges = new Map(Object.entries(hello.edges));
    if (before && before.instance !== hello.instance) {
      say("The gateway was restarted; what is shown is of the new one.");
    }
    board.soon();
    figures.soon();
    if (linked) panel.openCall(linked, null);
    linked = null;
  }

  function keep(call) {
    if (call.outcome === "running") {
      model.running.set(call.call, call);
      return;
    }
    model.running.delete(call.call);
    model.over.delete(call.call);
    model.over.set(call.call, call);
    if (model.over.size > KEPT) model.over.delete(model.over.keys().next().value);
  }

  function known(id) {
    let call = model.running.get(id);
    if (!call) {
      if (model.over.has(id)) return null; // what comes late changes nothing
      call = {
        call: id,
        time: now(),
        since: now(),
        key: null,
        route: "",
        target: null,
        outcome: "running",
        state: "ready",
        reason: null,
        stopped_by: null,
        rescued: null,
        seconds: null,
        attempts: [],
      };
      model.running.set(id, call);
    }
    return call;
  }

  const events = {
    hello: greet,
    begun(event) {
      const call = known(event.call);
      if (call)
        Object.assign(call, {
          time: event.time,
          since: event.time,
          route: event.route,
          key: event.key,
        });
    },
    moved(event) {
      const edge = `${event.from}>${event.to}`;
      model.edges.set(edge, (model.edges.get(edge) || 0) + 1);
      machine.touched(edge);
      const call = known(event.call);
      if (!call) return;
      call.state = event.to;
      call.since = call.time + event.at;
      if (event.target) call.target = event.target;
    },
    attempt(event) {
      const call = known(event.call);
      const { target, status, reason } = event;
      if (call) call.attempts = [...call.attempts, { target, status, reason }];
      if (reason) board.soon();
    },
    over(event) {
      keep({ ...event.summary, call: event.call });
      figures.soon();
    },
    behind(event) {
      // A hello follows, with how things are; counts of edges are those of kept calls again.
      model.missed += event.missed;
    },
  };

  function take(event) {
    const deed = events[event.kind];
    if (!deed) return; // of a gateway that is newer than this page
    deed(event);
    if (event.call) panel.heard(event.call);
    frames.hear();
  }

  /* The stream of events. */

  const stream = (() => {
    let attempt = 0,
      stopping = null,
      timer = 0,
      silence = 0;

    function told(state, title) {
      const pill = $("link");
      if (pill.dataset.state !== state) {
        pill.dataset.state = state;
        show(pill, state);
        if (state !== "connecting") say(`The connection is ${state}.`);
      }
      pill.title = title || "";
      $("reconnect").hidden = ["live", "connecting", "locked"].includes(state);
    }

    async function run() {
      clearTimeout(timer);
      if (stopping) stopping.abort();
      const mine = (stopping = new AbortController());
      try {
        const answer = await ask("/inspector/events", {
          headers: { accept: "text/event-stream" },
          signal: mine.signal,
        });
        await lines(answer.body.getReader(), mine.signal);
        if (!mine.signal.aborted) later("the gateway ended the stream");
      } catch (error) {
        if (mine.signal.aborted && error instanceof Unreachable) return;
        if (error instanceof Refused && [401, 403, 404].includes(error.status)) {
          told(error.status === 401 ? "locked" : "stopped", error.message);
          return;
        }
        later(why(error));
      }
    }

    async function lines(reader, signal) {
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read().catch(() => ({ done: true }));
        if (done || signal.aborted) return;
        listen();
        const blocks = (rest + decoder.decode(value, { stream: true }).replaceAll("\r", "")).split(
          "\n\n",
        );
        rest = blocks.pop();
        for (const block of blocks) event(block);
      }
    }

    /* A connection that is dead without a word is noticed by its silence. */
    function listen() {
      clearTimeout(silence);
      silence = setTimeout(() => {
        stopping.abort();
        later("nothing was heard for too long");
      }, SILENCE);
    }

    function event(block) {
      if (!block.startsWith("data: ")) return; // a comment, which keeps the connection open
      take(JSON.parse(block.slice(6)));
      attempt = 0;
      told("live");
    }

    function later(title) {
      clearTimeout(silence);
      told("reconnecting", title);
      // Not all pages of a gateway that was restarted at the same instant.
      const wait = Math.min(MOST_WAIT, LEAST_WAIT * 2 ** attempt) * (0.75 + Math.random() / 2);
      attempt += 1;
      timer = setTimeout(run, wait);
    }

    return {
      run,
      told,
      stop() {
        clearTimeout(timer);
        clearTimeout(silence);
        if (stopping) stopping.abort();
      },
    };
  })();

  /* Drawing: at most once a frame, and less often where much happens. */

  const frames = (() => {
    let isWanted = false,
      timer = 0,
      drawn = -Infinity,
      heard = 0,
      last = 0;

    function draw() {
      isWanted = false;
      drawn = performance.now();
      [last, heard] = [heard, 0];
      glance.draw();
      machine.draw();
      calls.draw();
      panel.draw();
    }

    function plan() {
      timer = 0;
      if (isWanted) return;
      isWanted = true;
      requestAnimationFrame(draw);
    }

    return {
      want: plan,
      /* Something has happened, of which there may be thousands a second. */
      hear() {
        heard += 1;
        if (timer || isWanted) return;
        const wait = heard + last > MANY ? drawn + BUSY_MS - performance.now() : 0;
        timer = setTimeout(plan, Math.max(0, wait));
      },
    };
  })();

  /* What is told to who hears the page: changes of state, never each call. */

  const say = (() => {
    let timer = 0,
      waiting = [];
    return (text) => {
      if (waiting.length < 5) waiting.push(text);
      clearTimeout(timer);
      timer = setTimeout(() => {
        $("news").textContent = waiting.join(" ");
        waiting = [];
      }, 150);
    };
  })();

  /* The top line and the figures at a glance. */

  const glance = (() => {
    function hour() {
      const since = now() - HOUR;
      if (model.figures) {
        const seen = model.figures.filter((one) => one.time + 60 > since);
        const sum = (name) => seen.reduce((total, one) => total + one[name], 0);
        return {
          calls: sum("calls"),
          failed: sum("failed"),
          rescued: sum("rescued"),
          lost: sum("seconds_lost"),
        };
      }
      const counted = { calls: 0, failed: 0, rescued: 0, lost: null };
      for (const call of model.over.values()) {
        if (call.time < since) continue;
        counted.calls += 1;
        counted.failed += call.outcome === "fail_terminal";
        counted.rescued += isRescued(call);
      }
      return counted;
    }

    function put(id, text, kind) {
      show($(id), text);
      $(id).className = kind || "";
    }

    return {
      draw() {
        const hello = model.hello;
        if (!hello) return;
        show($("instance"), hello.instance);
        show($("config"), hello.config);
        $("config").parentNode.hidden = !hello.config;
        show($("version"), hello.version ? `version ${hello.version}` : "");
        put("in-flight", number(model.running.size));
        const sums = hour(),
          needed = sums.failed + sums.rescued;
        put("hour-calls", number(sums.calls));
        put("hour-failed", number(sums.failed), sums.failed && "bad");
        put("hour-rate", needed ? percent(sums.rescued, needed) : "–");
        $("hour-rate").title = needed
          ? `${number(sums.rescued)} of ${number(needed)} calls whose first choice was not to be had`
          : "no call has needed a rescue";
        put("hour-lost", sums.lost === null ? "–" : rough(sums.lost));
        const rows = model.board;
        const out = rows && rows.filter((one) => one.isOut).map((one) => one.name);
        document.title = `${out && out.length ? `${listed(out)} out · ` : ""}Inspector of the gateway`;
        put("providers-out", out ? listed(out) : "–", out && out.length ? "named bad" : "named");
        const low = rows && rows.filter((one) => one.isLow);
        put(
          "money-low",
          low ? listed(low.map((one) => one.name)) : "–",
          low && low.length ? "named warn" : "named",
        );
      },
    };
  })();

  const listed = (names) =>
    names.length ? `${names[0]}${names.length > 1 ? ` + ${names.length - 1}` : ""}` : "none";
  const isRescued = (call) => call.outcome === "succeed" && Boolean(call.rescued);

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

  /* The list of calls. */

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

  const calls = (() => {
    const rows = new Map(); // by id: the row and what it shows
    let limit = PAGE,
      shown = [],
      isHeld = false,
      isOver = false,
      isDirty = true;

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

  /* What is read now and then, not heard: at most one request at a time, and one a second. */

  function reader(path, least, taken) {
    let timer = 0,
      isAsking = false,
      isWanted = false,
      last = -Infinity;

    async function run() {
      timer = 0;
      if (isAsking) {
        isWanted = true;
        return;
      }
      isAsking = true;
      last = performance.now();
      try {
        taken(await read(path), null);
      } catch (error) {
        taken(null, error);
      }
      isAsking = false;
      frames.want();
      if (isWanted) {
        isWanted = false;
        one.soon();
      }
    }

    const one = {
      soon() {
        if (!timer) timer = setTimeout(run, Math.max(0, least - (performance.now() - last)));
      },
      stop() {
        clearTimeout(timer);
        timer = 0;
      },
    };
    return one;
  }

  const FOR_ADMINS = "For admin keys: made with orchestrator key new NAME --admin.";

  /* Providers: what is marked, until when, in whose words. */

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
        show(
          $("providers-empty"),
          model.board.length ? "" : "No provider is on a route of this config.",
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

  /* Rescue rate and seconds lost, minute by minute. */

  const chart = (() => {
    const WIDTH = 360,
      HIGH = 84,
      LEFT = 42,
      RIGHT = 4,
      MINUTES = 60;
    let drawnOf = "";

    function taken(body, error) {
      model.figures = error ? null : body.buckets;
      if (error) {
        drawnOf = "";
        $("figures").replaceChildren(
          h("p", { class: "hint", text: error.status === 403 ? FOR_ADMINS : why(error) }),
        );
        $("figures-details").hidden = true;
        return;
      }
      draw();
    }

    function minutes() {
      const last = Math.floor(now() / 60) * 60;
      const byTime = new Map(model.figures.map((one) => [Math.floor(one.time / 60) * 60, one]));
      return Array.from({ length: MINUTES }, (_, index) => {
        const time = last - (MINUTES - 1 - index) * 60;
        return byTime.get(time) || { time, calls: 0, failed: 0, rescued: 0, seconds_lost: 0 };
      });
    }

    const rate = (one) =>
      one.failed + one.rescued ? one.rescued / (one.failed + one.rescued) : null;
    const x = (index) => LEFT + ((WIDTH - LEFT - RIGHT) * (index + 0.5)) / MINUTES;

    function frame(label, top, bottom) {
      const one = svg("svg", {
        class: "chart",
        viewBox: `0 0 ${WIDTH} ${HIGH + 18}`,
        role: "img",
        "aria-label": label,
      });
      one.append(
        svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: 6, y2: 6 }),
        svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: HIGH, y2: HIGH }),
        svg("text", { x: LEFT - 5, y: 10, "text-anchor": "end" }, top),
        svg("text", { x: LEFT - 5, y: HIGH + 3, "text-anchor": "end" }, bottom),
        svg("text", { x: LEFT, y: HIGH + 15 }, "1 h ago"),
        svg("text", { x: WIDTH - RIGHT, y: HIGH + 15, "text-anchor": "end" }, "now"),
      );
      return one;
    }

    function rates(seen, label) {
      const one = frame(label, "100 %", "0 %");
      let line = "",
        isOn = false;
      seen.forEach((bucket, index) => {
        const value = rate(bucket);
        if (value === null) {
          isOn = false;
          return;
        }
        const y = HIGH - value * (HIGH - 6);
        line += `${isOn ? "L" : "M"}${x(index).toFixed(1)},${y.toFixed(1)}`;
        isOn = true;
        one.append(hover(svg("circle", { class: "dot", cx: x(index), cy: y, r: 2.6 }), bucket));
      });
      one.append(svg("path", { class: "rate", d: line }));
      return one;
    }

    function losses(seen, label) {
      const most = Math.max(1, ...seen.map((bucket) => bucket.seconds_lost));
      const one = frame(label, span(most).replace(/ min.*/, " min"), "0 s");
      const wide = ((WIDTH - LEFT - RIGHT) / MINUTES) * 0.78;
      seen.forEach((bucket, index) => {
        if (!bucket.seconds_lost) return;
        const high = Math.max(1, (bucket.seconds_lost / most) * (HIGH - 6));
        one.append(
          hover(
            svg("rect", {
              class: "lost",
              x: x(index) - wide / 2,
              y: HIGH - high,
              width: wide,
              height: high,
              rx: 1,
            }),
            bucket,
          ),
        );
      });
      return one;
    }

    function hover(node, bucket) {
      node.append(svg("title", {}, `${minuteAt(bucket.time)}: ${spoken(bucket)}`));
      return node;
    }

    function spoken(one) {
      const value = rate(one);
      return (
        `${plural(one.calls, "call")}, ${number(one.failed)} failed, ${number(one.rescued)} rescued` +
        `${value === null ? "" : ` (${Math.round(100 * value)} %)`}, ${took(one.seconds_lost)} lost`
      );
    }

    function draw() {
      const seen = minutes(),
        drawn = JSON.stringify(seen);
      if (drawn === drawnOf) return;
      drawnOf = drawn;
      const sums = { calls: 0, failed: 0, rescued: 0, seconds_lost: 0 };
      for (const one of seen) for (const name of Object.keys(sums)) sums[name] += one[name];
      $("figures-details").hidden = sums.calls === 0;
      if (sums.calls === 0) {
        $("figures").replaceChildren(
          h("p", {
            class: "hint",
            text: "No call has ended in the last hour. Rescue rate and seconds lost are drawn here, minute by minute.",
          }),
        );
        return;
      }
      const needed = sums.failed + sums.rescued;
      const rateWords = needed
        ? `${percent(sums.rescued, needed)} of ${plural(needed, "call")} rescued`
        : "no call needed a rescue";
      const lostWords = `${span(sums.seconds_lost)} in all`;
      $("figures").replaceChildren(
        h("p", { class: "chart-title" }, h("b", { text: "Rescue rate" }), rateWords),
        rates(seen, `Rescue rate of each minute: ${rateWords}; the table below has the numbers.`),
        h("p", { class: "chart-title" }, h("b", { text: "Seconds lost" }), lostWords),
        losses(seen, `Seconds lost in each minute: ${lostWords}; the table below has the numbers.`),
      );
      const told = seen.filter((one) => one.calls).reverse();
      $("figures-rows").replaceChildren(
        ...told.map((one) =>
          h(
            "tr",
            {},
            [
              minuteAt(one.time),
              number(one.calls),
              number(one.failed),
              number(one.rescued),
              rate(one) === null ? "–" : `${Math.round(100 * rate(one))} %`,
              one.seconds_lost.toFixed(1),
            ].map((text) => h("td", { text })),
          ),
        ),
      );
    }

    return { taken };
  })();

  const figures = reader("/inspector/figures", 2000, chart.taken);

  /* The panel: a call, the calls of an edge, the calls in a state. Each stands on what it came from. */

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
      tick() {
        if (top()) top().tick?.();
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

  function stateView(state) {
    const name = `state ${state}`,
      body = $("panel-body");
    const isFinal = state === "succeed" || state === "fail_terminal";
    let drawnOf = null;

    function draw() {
      const group = isFinal ? model.over : model.running;
      const found = [...group.values()]
        .reverse()
        .filter((call) => call.state === state)
        .slice(0, PAGE);
      const drawn = found.map((call) => `${call.call} ${call.attempts.length}`).join();
      if (drawn === drawnOf || (body.contains(document.activeElement) && drawnOf !== null)) return;
      drawnOf = drawn;
      const none = isFinal
        ? "No call that is kept has ended so."
        : "No call is here now. Calls that come stand here as long as they stay.";
      body.replaceChildren(found.length ? listedCalls(found, true, steps) : h("p", { text: none }));
    }

    return {
      name,
      title: isFinal ? `Calls that ended in ${words(state)}` : `Calls in ${words(state)} now`,
      enter() {
        drawnOf = null;
        draw();
        panel.listed();
      },
      draw,
    };
  }

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

  /* A call that is over, again on another policy. */

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

  /* The key, where the gateway asks for one. */

  function askForKey() {
    stream.stop();
    stream.told("locked", "the gateway asks for a key");
    board.stop();
    figures.stop();
    panel.close();
    if (key) show($("key-error"), "The gateway does not know that key, or it has expired.");
    key = null;
    stored(tab, "gateway-key", null);
    $("forget-key").hidden = true;
    $("main").hidden = true;
    $("key-page").hidden = false;
    $("key").focus();
  }

  function enterKey(event) {
    event.preventDefault();
    key = $("key").value.trim();
    if (!key) return;
    stored(tab, "gateway-key", key);
    $("key").value = "";
    begin();
  }

  function begin() {
    $("key-page").hidden = true;
    $("main").hidden = false;
    show($("key-error"), "");
    $("forget-key").hidden = !key;
    stream.told("connecting");
    stream.run();
    frames.want();
  }

  /* Light and dark. */

  const THEMES = ["system", "light", "dark"];

  function theme(name) {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    show($("theme"), `Theme: ${name}`);
    $("theme").dataset.name = name;
  }

  function nextTheme() {
    const name = THEMES[(THEMES.indexOf($("theme").dataset.name) + 1) % THEMES.length];
    theme(name);
    stored(browser, "inspector-theme", name === "system" ? null : name);
  }

  /* The clock of the page. */

  let ticks = 0;

  function tick() {
    ticks += 1;
    if (document.hidden || $("main").hidden || !model.hello) return;
    providers.tick();
    if (!model.denied && ticks % 5 === 0) board.soon();
    if (!model.denied && ticks % 15 === 0) figures.soon();
    frames.want();
  }

  theme(
    THEMES.includes(stored(browser, "inspector-theme"))
      ? stored(browser, "inspector-theme")
      : "system",
  );
  $("theme").addEventListener("click", nextTheme);
  $("reconnect").addEventListener("click", () => {
    stream.told("connecting");
    stream.run();
  });
  $("forget-key").addEventListener("click", () => {
    key = null;
    show($("key-error"), "");
    askForKey();
  });
  $("key-form").addEventListener("submit", enterKey);
  $("moves").addEventListener("toggle", () => frames.want());
  calls.begin();
  panel.begin();
  setInterval(tick, 1000);
  begin();
})();

/* The model: what is known now, and what each event changes of it. */

const KEPT = 1000; // calls that are over, as the gateway keeps them

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

const isRescued = (call) => call.outcome === "succeed" && Boolean(call.rescued);

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

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

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

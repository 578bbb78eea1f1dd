/* In the panel: the calls in a state. */

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

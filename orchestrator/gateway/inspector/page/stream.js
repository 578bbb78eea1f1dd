/* The stream of events: asked for, read, asked for again. */

const LEAST_WAIT = 500,
  MOST_WAIT = 10000; // ms before the stream is asked for again
const SILENCE = 40000; // ms; the gateway says at least every 15 s that there is nothing

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

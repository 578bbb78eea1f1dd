/* Asking the gateway: with which key, what went wrong, what is asked for again and again. */

let key = stored(tab, "gateway-key") || null;

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

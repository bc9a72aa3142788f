// What happens on the server, while it happens: one stream of events for all pages of a browser that can be seen.
//
// Other modules call `onEvent` and `onPoll`. Browsers allow a server only six connections at once, so that the seventh
// page with a stream of its own would never load. Therefore one page has the stream, and passes on to the others what comes.
// A proxy may hold events back: without news for a while, pages ask by themselves, and say that they may be old.

const SILENT_MS = 20_000; // the server sends its heartbeat every 10 s
const POLL_MS = 5_000;
const NAME = "dropdub-events";

const stale = document.getElementById("stale");
const channel = new BroadcastChannel(NAME);
const handlers = new Map();
const polls = new Set();
let stream = null;
let giveUp = null;
let lastNews = Date.now();
let lastPoll = 0;

/** Call a function with the data of each event of a kind: job, progress, story, daemon or reset. */
export function onEvent(kind, handler) {
  if (!handlers.has(kind)) {
    handlers.set(kind, new Set());
  }
  handlers.get(kind).add(handler);
}

/** Call a function that asks the server again, while no events come. It returns a promise, which fails with it. */
export function onPoll(handler) {
  polls.add(handler);
}

function receive(kind, data) {
  lastNews = Date.now();
  stale.hidden = true;
  for (const handler of handlers.get(kind) ?? []) {
    handler(data);
  }
}

function ask() {
  lastPoll = Date.now();
  return Promise.all([...polls].map((poll) => poll()));
}

function open() {
  stream = new EventSource("/v1/events");
  for (const kind of ["job", "progress", "story", "daemon", "reset"]) {
    stream.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      channel.postMessage({ kind, data });
      receive(kind, data);
    });
  }
}

function close() {
  stream?.close();
  stream = null;
}

/** Wait for the turn to have the stream, and have it as long as this page can be seen. */
async function takePart() {
  if (!navigator.locks) {
    open(); // over plain http from another machine, pages cannot agree
    return;
  }
  giveUp = new AbortController();
  const { signal } = giveUp;
  try {
    await navigator.locks.request(NAME, { signal }, () => {
      open();
      return new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
  } catch {
    // it was hidden before its turn came
  }
}

function leave() {
  giveUp?.abort();
  giveUp = null;
  close();
}

async function look() {
  const silent = Date.now() - lastNews;
  if (document.hidden || silent < SILENT_MS) {
    return;
  }
  stale.textContent = stale.dataset.old.replace("{seconds}", Math.round(silent / 1000));
  stale.hidden = false;
  if (Date.now() - lastPoll >= POLL_MS) {
    await ask().catch(() => {
      stale.textContent = stale.dataset.gone;
    });
  }
}

channel.addEventListener("message", ({ data }) => receive(data.kind, data.data));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    leave();
  } else {
    lastNews = Date.now();
    ask().catch(() => {});
    takePart();
  }
});
globalThis.addEventListener("pagehide", leave);
globalThis.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) {
    takePart();
  }
});
if (!document.hidden) {
  takePart();
}
setInterval(look, 1_000);

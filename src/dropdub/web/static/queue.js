// Keeps the list of jobs as it is on the server: progress in place, and the whole list when anything else has changed.

import { onEvent, onPoll } from "./live.js";
import { showProgress } from "./progress.js";
import { part, swap, throttled } from "./refreshing.js";
import { show } from "./texts.js";
import { localTimes } from "./times.js";

const list = document.getElementById("list");
const daemon = document.getElementById("daemon");
const message = document.getElementById("message");
let daemonWas = null;

async function read() {
  const text = await part(`/jobs/list${location.search}`);
  const chosen = new Set([...list.querySelectorAll("input[name=id]:checked")].map((one) => one.value));
  await swap(list, text);
  for (const one of list.querySelectorAll("input[name=id]")) {
    one.checked = chosen.has(one.value);
  }
  localTimes(list);
}

const soon = throttled(read);
onEvent("job", soon);
onEvent("reset", soon);
onEvent("progress", showProgress);
onEvent("daemon", async ({ state, paused, notes }) => {
  const is = `${state} ${paused} ${notes}`;
  if (daemonWas !== is) { // also the first time: it may have changed since the page was made
    await swap(daemon, await part("/jobs/daemon"));
  }
  daemonWas = is;
});
onPoll(async () => {
  await read();
  await swap(daemon, await part("/jobs/daemon"));
});
document.addEventListener("htmx:after:swap", () => {
  localTimes(list);
  const done = document.getElementById("done");
  if (done) {
    show(message, done.textContent); // outside the list, which is soon read again without it
  }
});
localTimes(document);

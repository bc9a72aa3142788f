// Keeps what the page says of its job as it is on the server. What is playing and what is being read stays as it is.

import { onEvent, onPoll } from "./live.js";
import { showProgress } from "./progress.js";
import { part, swap, throttled } from "./refreshing.js";
import { localTimes } from "./times.js";

const ALONE_MS = 5_000;
const live = document.getElementById("live");
const more = document.getElementById("more");
const log = document.getElementById("log");
const number = Number(live.dataset.job);

async function morph(target, html) {
  const open = new Set([...target.querySelectorAll("details[open]")].map((one) => one.id));
  await swap(target, html);
  for (const one of target.querySelectorAll("details")) {
    one.open = open.has(one.id);
  }
  localTimes(target);
}

async function read() {
  const news = new DOMParser().parseFromString(await part(`/jobs/${number}/now`), "text/html");
  for (const place of [live, more]) {
    // What somebody is just answering stays: whether to forget the job.
    if (!place.querySelector("form :focus")) {
      await morph(place, news.getElementById(place.id).innerHTML);
    }
  }
  document.getElementById("more-ready").hidden = news.getElementById("ready").dataset.ready === live.dataset.ready;
}

const soon = throttled(read);

onEvent("job", (job) => {
  if (job.id === number || (job.id > number && job.name.startsWith(live.dataset.stem))) {
    soon();
  }
});
onEvent("story", (entry) => {
  if (entry.job === number) {
    soon();
  }
});
onEvent("progress", showProgress);
onEvent("reset", soon);
onPoll(read);

log.addEventListener("toggle", async () => {
  const text = log.querySelector("pre");
  if (log.open) {
    const answer = await fetch(log.dataset.log);
    text.textContent = answer.ok ? await answer.text() : answer.statusText;
    text.hidden = false;
  }
});
localTimes(document);
if ("alone" in live.dataset) {
  setInterval(soon, ALONE_MS); // no events come about what only answers a client
}
soon(); // what has changed since the page was written

// Dictation: records, sends what is spoken at once, and shows what is understood of it.

import { ask } from "./asking.js";
import { GrowingUpload } from "./growing-upload.js";
import { namedLanguages } from "./languages.js";
import { hasMicrophone, openMicrophone } from "./microphone.js";
import { said, show } from "./texts.js";
import { localTimes } from "./times.js";

const BYTES_PER_S = 32_000;
const HEADER_BYTES = 44;
const REOPEN_MS = 2_000;
const QUIET_MS = 15_000; // without a word of what was spoken, the transcriber is busy

const root = document.getElementById("dictation");
const words = root.dataset;
const part = (name) => document.getElementById(`dictation-${name}`);
const [form, live, problem, state] = ["form", "live", "problem", "state"].map(part);
let current = null;

function clock(bytes) {
  const seconds = Math.floor(Math.max(bytes - HEADER_BYTES, 0) / BYTES_PER_S);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What was understood: settled text grows, and a tentative end is replaced. */
class Transcript {
  constructor() {
    this.lastEvent = 0;
    this.heardUntil = 0;
    this.heardAt = Date.now();
    part("settled").replaceChildren();
    part("tentative").textContent = "";
  }

  add({ id, end, segments, tentative }) {
    this.lastEvent = id;
    this.heardUntil = end;
    this.heardAt = Date.now();
    this.settle(segments);
    part("tentative").textContent = tentative;
  }

  settle(segments) {
    for (const segment of segments) {
      const line = document.createElement("span");
      line.textContent = `${segment.text} `;
      part("settled").append(line);
    }
  }
}

class Dictation {
  constructor(found) {
    this.found = found;
    this.transcript = new Transcript();
    this.transcript.settle(found.segments ?? []);
    part("tentative").textContent = found.tentative ?? "";
    this.transcript.lastEvent = found.last_event ?? 0;
    this.upload = new GrowingUpload({
      id: found.id, path: found.upload_url, offset: found.offset, onState: () => this.showState(),
    });
    this.isPaused = false;
    this.trouble = "";
  }

  async record() {
    this.release = await held(`dictation-${this.found.id}`);
    this.microphone = await openMicrophone(words.worklet, {
      onSound: (sound) => this.upload.add(sound),
      onLevel: (level) => this.showLevel(level),
      onLost: () => show(problem, words.unplugged),
    });
    this.listen();
    this.timer = setInterval(() => this.showState(), 500);
  }

  listen() {
    this.events = new EventSource(`${this.found.events_url}?after=${this.transcript.lastEvent}`);
    this.events.addEventListener("heard", (event) => {
      this.trouble = "";
      this.transcript.add(JSON.parse(event.data));
    });
    this.events.addEventListener("problem", (event) => {
      const { error, remedy } = JSON.parse(event.data);
      this.trouble = [words.recorded, error.message, remedy].filter(Boolean).join(" ");
    });
    this.events.addEventListener("end", () => this.events.close());
    this.events.addEventListener("error", () => {
      if (this.events.readyState === EventSource.CLOSED && current === this) {
        setTimeout(() => current === this && this.listen(), REOPEN_MS);
      }
    });
  }

  showLevel(level) {
    const meter = part("level");
    meter.value = this.isPaused ? 0 : Math.max(level, meter.value * 0.8);
    this.isClipped = level > 0.99;
  }

  showState() {
    const { upload } = this;
    part("time").textContent = clock(upload.end);
    show(state, upload.problem
      ? said(words.kept, { time: clock(upload.waiting + HEADER_BYTES), reason: this.reason(upload.problem) })
      : this.trouble || this.quiet());
  }

  reason(error) {
    if (error.status === 401) {
      return words.login;
    }
    return error.status ? error.message : words.broken;
  }

  quiet() {
    const { heardAt, heardUntil } = this.transcript;
    const isBehind = this.upload.acknowledged - HEADER_BYTES > (heardUntil + 2) * BYTES_PER_S;
    return isBehind && Date.now() - heardAt > QUIET_MS ? words.busy : "";
  }

  togglePause() {
    this.isPaused = !this.isPaused;
    this.isPaused ? this.microphone.pause() : this.microphone.resume();
    part("pause").textContent = this.isPaused ? words.resume : words.pause;
    part("level").value = 0;
  }

  async stop() {
    if (this.isPaused) {
      await this.microphone.resume();
    }
    await this.microphone.close();
    this.release();
    clearInterval(this.timer);
  }

  async end() {
    await this.stop();
    show(state, words.ending);
    await this.upload.send();
    const job = await ended(this.found.id);
    this.events.close();
    await this.upload.close();
    return job;
  }

  async discard() {
    await this.stop();
    this.events.close();
    await this.upload.close();
    await discarded(this.found.upload_url);
  }
}

/** Have something for this tab alone; return what gives it back. With two tabs, their sound would be mixed. */
function held(name) {
  return new Promise((resolve, reject) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) {
        reject(new Error(words.elsewhere));
        return undefined;
      }
      return new Promise((release) => resolve(release));
    });
  });
}

async function ended(id) {
  const answer = await ask(`/v1/dictations/${id}/end`, { method: "POST" });
  return (await answer.json()).id;
}

function discarded(path) {
  return ask(path, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
}

function options() {
  const values = new FormData(form);
  const chosen = { language: values.get("language") };
  const target = values.get("target");
  if (target !== "") {
    chosen.targets = target === "none" ? [] : [target];
  }
  const name = values.get("name").trim();
  const profile = values.get("profile");
  return { options: chosen, ...(name && { name }), ...(profile && { profile }) };
}

async function begun() {
  const answer = await ask("/v1/dictations", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(options()),
  });
  return answer.json();
}

/** Show that a dictation is being recorded, or the form for the next one. */
function showLive(isLive) {
  form.hidden = isLive;
  live.hidden = !isLive;
  part("words").hidden = !isLive && part("settled").textContent === "";
  part("open")?.toggleAttribute("hidden", isLive);
  part(isLive ? "end" : "start").focus();
}

async function start(find) {
  show(problem, "");
  part("done").hidden = true;
  part("start").disabled = true;
  try {
    const dictation = new Dictation(await find());
    current = dictation;
    await dictation.upload.restore();
    await dictation.record();
    part("pause").textContent = words.pause;
    showLive(true);
  } catch (error) {
    const { found } = current ?? {};
    current = null;
    if (found && found.seconds === 0) {
      discarded(found.upload_url).catch(() => {});
    }
    show(problem, error.name === "NotAllowedError" || error.name === "NotFoundError" ? words.refused : error.message);
  }
  part("start").disabled = false;
}

async function finish(act) {
  for (const name of ["end", "pause", "discard"]) {
    part(name).disabled = true;
  }
  try {
    const job = await act(current);
    current = null;
    show(state, "");
    showLive(false);
    if (job) {
      showJob(job);
    }
  } catch (error) {
    show(problem, error.message);
  }
  for (const name of ["end", "pause", "discard"]) {
    part(name).disabled = false;
  }
}

function showJob(job) {
  const link = part("job");
  link.href = `/jobs/${job}`;
  link.textContent = said(words.done, { job });
  part("done").hidden = false;
  link.focus();
}

/** Send what an earlier page has not, and let those that were not ended be continued. */
async function restore(row) {
  const find = async () => (await ask(`/v1/dictations/${row.dataset.id}`)).json();
  const button = row.querySelector("button[data-continue]");
  button.hidden = false;
  button.addEventListener("click", () => {
    row.remove();
    start(find);
  });
  const found = await find();
  const upload = new GrowingUpload({ id: found.id, path: found.upload_url, offset: found.offset, onState: () => {} });
  await upload.restore();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start(begun);
});
part("pause").addEventListener("click", () => current?.togglePause());
part("end").addEventListener("click", () => finish((one) => one.end()));
part("discard").addEventListener("click", () => {
  if (confirm(words.sure)) {
    finish((one) => one.discard());
  }
});
window.addEventListener("beforeunload", (event) => {
  if (current) {
    event.preventDefault();
  }
});
namedLanguages(form);
localTimes(document);
if (hasMicrophone()) {
  part("start").disabled = false;
} else {
  show(problem, words.insecure);
}
for (const row of document.querySelectorAll("#dictation-open [data-id]")) {
  restore(row).catch(() => {});
}

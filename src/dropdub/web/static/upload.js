// Sends files by tus 1.0: an upload continues after a lost connection, a restarted server or a reloaded page.

import { said } from "./texts.js";
import { duration, size } from "./times.js";

const CHUNK_BYTES = 32 * 1024 * 1024; // below the limits of proxies
const RETRY_MS = [0, 1000, 3000, 5000, 10000, 15000, 15000, 15000, 30000, 30000, 30000];
const AGAIN_MS = 30_000; // after all of these

const drop = document.getElementById("drop");
const cards = document.getElementById("uploads");
const words = drop.dataset;

let described = async () => ({});

/** Let a function return, for each file that is sent, what its upload says besides the name: `options` and `profile`.
 *  It returns a promise; null: do not send it.
 */
export function describeUploads(describe) {
  described = describe;
}

class Card {
  constructor(file, metadata) {
    this.file = file;
    this.metadata = { filename: file.name, ...metadata };
    this.began = Date.now();
    this.sentBefore = null;
    this.element = document.createElement("li");
    this.element.className = "card";
    const name = document.createElement("bdi");
    name.textContent = file.name;
    this.bar = document.createElement("progress");
    this.bar.max = file.size || 1;
    this.bar.setAttribute("aria-label", file.name);
    this.text = document.createElement("p");
    this.text.className = "small";
    const buttons = document.createElement("span");
    buttons.className = "actions";
    this.pause = this.button(words.pause, () => this.toggle());
    this.cancel = this.button(words.cancel, () => this.remove());
    buttons.append(this.pause, this.cancel);
    this.element.append(name, " ", this.bar, this.text, buttons);
    cards.append(this.element);
    this.upload = new tus.Upload(file, {
      endpoint: "/v1/uploads",
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_MS,
      metadata: this.metadata,
      removeFingerprintOnSuccess: true,
      onProgress: (sent, all) => this.progress(sent, all),
      onError: (error) => this.failed(error),
      onSuccess: (answer) => this.done(answer?.lastResponse),
      onShouldRetry: (error) => this.mayRetry(error),
    });
    this.start();
  }

  button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "small";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  async start() {
    const before = await this.upload.findPreviousUploads();
    const same = before.find((one) => Object.entries(this.metadata).every(([name, value]) => one.metadata[name] === value));
    if (same) {
      this.upload.resumeFromPreviousUpload(same);
      cards.querySelector(`[data-fingerprint="${CSS.escape(same.urlStorageKey)}"]`)?.remove();
    }
    this.isRunning = true;
    this.began = Date.now();
    this.sentBefore = null;
    this.upload.start();
  }

  toggle() {
    if (this.isRunning) {
      this.isRunning = false;
      this.upload.abort();
      this.pause.textContent = words.resume;
      this.text.textContent = said(words.paused, { share: this.share() });
    } else {
      this.pause.textContent = words.pause;
      this.text.textContent = "";
      this.start();
    }
  }

  remove() {
    this.isRunning = false;
    this.upload.abort(true).catch(() => {});
    this.element.remove();
  }

  share() {
    return `${Math.floor((100 * this.bar.value) / this.bar.max)} %`;
  }

  progress(sent, all) {
    this.sentBefore ??= sent;
    this.bar.value = sent;
    const seconds = (Date.now() - this.began) / 1000;
    const rate = (sent - this.sentBefore) / Math.max(seconds, 0.001);
    if (sent >= all) {
      this.text.textContent = words.checking;
    } else if (seconds > 1 && rate > 0) {
      const left = duration((all - sent) / rate);
      this.text.textContent = said(words.rate, { sent: size(sent), size: size(all), rate: size(rate), left });
    }
  }

  mayRetry(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    const may = status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
    if (may && status !== 507) {
      this.text.textContent = said(words.broken, { share: this.share() });
    }
    return may && status !== 507;
  }

  failed(error) {
    if (!error.originalResponse) {
      this.text.textContent = said(words.gone, { share: this.share() });
      setTimeout(() => this.isRunning && this.start(), AGAIN_MS);
      return;
    }
    this.isRunning = false;
    let reason = error.message;
    try {
      const answer = JSON.parse(error.originalResponse.getBody());
      reason = [answer.error.message, answer.remedy].filter(Boolean).join(" ");
    } catch {
      // the answer is none of the server's own
    }
    this.text.className = "bad";
    this.text.textContent = said(words.refused, { name: this.file.name, reason });
    this.bar.remove();
    this.pause.remove();
    this.cancel.textContent = words.close;
  }

  done(answer) {
    const job = answer?.getHeader("X-Dropdub-Job");
    this.text.replaceChildren();
    if (job) {
      const link = document.createElement("a");
      link.href = `/jobs/${job}`;
      link.textContent = said(words.done, { job });
      this.text.append(link);
    }
    this.element.classList.add("row");
    this.bar.remove();
    this.pause.parentElement.remove();
  }
}

async function send(files) {
  const metadata = await described();
  if (metadata !== null) {
    for (const file of files) {
      new Card(file, metadata);
    }
  }
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

document.getElementById("files").addEventListener("change", (event) => {
  send([...event.target.files]);
  event.target.value = "";
});
document.addEventListener("dragover", (event) => {
  if (hasFiles(event)) {
    event.preventDefault();
    document.body.classList.add("dropping");
  }
});
for (const kind of ["dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (kind === "drop" || event.relatedTarget === null) {
      document.body.classList.remove("dropping");
    }
  });
}
document.addEventListener("drop", (event) => {
  if (hasFiles(event)) {
    event.preventDefault();
    send([...event.dataTransfer.files]);
  }
});

// Uploads that an earlier visit has begun: the browser does not keep the files, so that they must be chosen again.
for (const key of Object.keys(localStorage).filter((name) => name.startsWith("tus::"))) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    const line = document.createElement("li");
    line.className = "card note";
    line.textContent = said(words.unfinished, { name: kept.metadata.filename });
    line.dataset.fingerprint = key;
    cards.append(line);
  } catch {
    localStorage.removeItem(key);
  }
}

// Records a voice: the microphone is asked for on a click only, and the recording is heard before it is sent.

import { localTimes } from "./times.js";

const SHORTEST_S = 10;
const LONGEST_S = 30;
const LOOK_MS = 60; // shorter than what the analyser holds, so that no peak is missed
const QUIET_DB = -38; // of the loud parts of speech; the server refuses what stays below -45 dB
const CLIPPED = 0.985;
const CLIPPED_SAMPLES = 40;
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

const form = document.getElementById("recorder");
const words = form.dataset;
const button = document.getElementById("record");
const meter = document.getElementById("level");
const length = document.getElementById("length");
const advice = document.getElementById("advice");
const heard = document.getElementById("heard");
const file = document.getElementById("file");
const outcome = document.getElementById("outcome");
const language = document.getElementById("reading-language");
let running = null;
let recording = null;

/** Return a kind of recording that the browser can make and others can read. Safari's own is mp4. */
function kind() {
  const isSafari = /^((?!chrome|android|crios|fxios).)*safari/i.test(navigator.userAgent);
  const wanted = isSafari ? ["audio/mp4", ...KINDS] : KINDS;
  return wanted.find((one) => MediaRecorder.isTypeSupported(one));
}

function decibels(amplitude) {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : -120;
}

class Recording {
  constructor(stream) {
    this.stream = stream;
    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, { fftSize: 4096 });
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
    this.levels = [];
    this.clipped = 0;
    this.parts = [];
    const mimeType = kind();
    this.recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    this.recorder.addEventListener("dataavailable", (event) => this.parts.push(event.data));
    this.recorder.addEventListener("stop", () => this.finished());
    this.began = performance.now();
    this.recorder.start(1_000);
    this.looking = setInterval(() => this.look(), LOOK_MS);
  }

  get seconds() {
    return (performance.now() - this.began) / 1000;
  }

  look() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let [sum, loud] = [0, 0];
    for (const sample of this.samples) {
      sum += sample * sample;
      loud += Math.abs(sample) >= CLIPPED ? 1 : 0;
    }
    const level = decibels(Math.sqrt(sum / this.samples.length));
    this.levels.push(level);
    this.clipped += loud;
    meter.value = Math.max(level, -60);
    length.textContent = words.length.replace("{seconds}", Math.floor(this.seconds));
    this.advise();
    if (this.seconds >= LONGEST_S) {
      this.stop();
    }
  }

  /** The level that a tenth of the last seconds reaches: that of speech, whatever the pauses are. */
  get spoken() {
    const last = this.levels.slice(-50).sort((one, other) => other - one);
    return last[Math.floor(last.length / 10)] ?? -120;
  }

  advise(good = words.good) {
    if (this.clipped > CLIPPED_SAMPLES) {
      say(words.clipping, "warning");
    } else if (this.seconds > 3 && this.spoken < QUIET_DB) {
      say(words.quiet, "warning");
    } else {
      say(this.seconds < SHORTEST_S ? words.short : good, "");
    }
  }

  stop() {
    clearInterval(this.looking);
    this.lasted = this.seconds;
    if (this.recorder.state !== "inactive") {
      this.recorder.stop();
    }
  }

  finished() {
    for (const track of this.stream.getTracks()) {
      track.stop();
    }
    this.context.close();
    meter.value = -60;
    running = null;
    button.textContent = button.dataset.again;
    if (this.lasted < SHORTEST_S) {
      say(words.tooShort, "warning");
      return;
    }
    this.advise(words.done);
    const type = this.recorder.mimeType.split(";")[0];
    const suffix = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] ?? "webm";
    recording = new File(this.parts, `recording.${suffix}`, { type });
    file.value = "";
    URL.revokeObjectURL(heard.src);
    heard.src = URL.createObjectURL(recording);
    heard.hidden = false;
  }
}

function say(text, look) {
  if (advice.textContent !== text) {
    advice.textContent = text;
  }
  advice.className = `small ${look}`;
}

async function record() {
  if (running !== null) {
    running.stop();
    return;
  }
  try {
    const sound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: sound });
    recording = null;
    heard.hidden = true;
    button.textContent = button.dataset.stop;
    running = new Recording(stream);
  } catch (error) {
    say(words.noMicrophone.replace("{reason}", `${error.message || error.name}.`), "bad");
  }
}

function showText() {
  for (const one of document.querySelectorAll("[data-reading]")) {
    one.hidden = one.dataset.reading !== language.value;
  }
}

function report(texts, look) {
  outcome.replaceChildren();
  outcome.className = look;
  for (const text of texts.filter(Boolean)) {
    const line = document.createElement("p");
    line.textContent = text;
    outcome.append(line);
  }
}

async function send() {
  const body = new FormData(form);
  if (recording !== null && !file.files.length) {
    body.set("file", recording, recording.name);
  } else if (!file.files.length) {
    report([words.noRecording], "warning");
    return;
  }
  report([words.sending], "note");
  const answer = await fetch(form.action, { method: "POST", body });
  const found = await answer.json();
  if (answer.ok && form.dataset.sent) {
    report([form.dataset.sent], "note");
    document.dispatchEvent(new CustomEvent("dropdub:voice"));
  } else if (answer.ok) {
    location.assign(`/voices?made=${encodeURIComponent(found.voice.name)}`);
  } else if (found.error.code === "VoiceExists") {
    report([words.exists], "bad");
  } else {
    report(found.problems ?? [found.error.message, found.remedy], "bad");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const sender = form.querySelector("[type=submit]");
  sender.disabled = true;
  send()
    .catch(() => report([words.lost], "bad"))
    .finally(() => {
      sender.disabled = false;
    });
});
document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-replace]")?.dataset.replace;
  if (name !== undefined) {
    form.elements.name.value = name;
    form.elements.replace.checked = true;
  }
});
file.addEventListener("change", () => {
  recording = null;
  heard.hidden = true;
});
if (navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
  document.getElementById("microphone").hidden = false;
  button.addEventListener("click", record);
  language.addEventListener("change", showText);
  showText();
} else {
  const notice = document.getElementById("insecure");
  notice.textContent = words.insecure;
  notice.hidden = false;
}
localTimes(document);

// The waveform of what is heard, with the lines of the original and of the dub beneath it.

import { seek, time, track } from "./player.js";
import { clock, decimal } from "./times.js";
import WaveSurfer from "./wavesurfer.esm.js";

const LANE = 16; // pixels
const GAP = 6;
const STRIPE = 4;
const DRAGGED = 8; // pixels: less is a click
const FINEST = 200; // pixels a second
const AGAIN_MS = 5_000;

const section = document.getElementById("timeline");
const wave = document.getElementById("wave");
const canvas = document.getElementById("lanes");
const state = document.getElementById("wave-state");
const job = document.getElementById("player").dataset.job;
let surfer = null;
let data = null;
let span = [0, 1]; // seconds that can be seen
let dragged = null;
let latest = 0;

async function ask(path) {
  const answer = await fetch(`/v1/jobs/${job}/${path}`);
  if (answer.status === 503) {
    state.textContent = section.dataset.waiting;
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    return ask(path);
  }
  if (!answer.ok) {
    throw new Error(answer.statusText);
  }
  return answer.json();
}

function dubOf(heard) {
  if (heard.id !== "original") {
    return heard.id;
  }
  const tracks = JSON.parse(document.getElementById("player").dataset.tracks);
  const shown = document.getElementById("player").dataset.shown;
  const dubs = tracks.map((one) => one.id).filter((id) => id !== "original");
  return dubs.includes(shown) ? shown : dubs[0];
}

async function show(heard) {
  const mine = (latest += 1);
  section.hidden = false;
  const target = dubOf(heard);
  const name = heard.id === "original" ? "original" : `dub.${heard.id}`;
  state.textContent = section.dataset.waiting;
  const lines = await ask(target ? `timeline?target=${encodeURIComponent(target)}` : "timeline").catch(() => null);
  if (mine === latest && lines) {
    data = lines;
    showLegend();
  }
  const peaks = await ask(`peaks?track=${encodeURIComponent(name)}`).catch(() => null);
  if (mine !== latest) {
    return;
  }
  state.textContent = peaks ? "" : section.dataset.failed;
  draw(peaks ?? { interval_s: 1, full: 1, peaks: new Array(Math.ceil(data?.duration_s ?? 1)).fill(0) });
}

function draw(peaks) {
  const styles = getComputedStyle(section);
  const values = peaks.peaks.map((one) => one / peaks.full);
  const zoom = surfer?.options.minPxPerSec ?? 0;
  surfer?.destroy();
  surfer = WaveSurfer.create({
    container: wave,
    height: 56,
    peaks: [values],
    duration: peaks.peaks.length * peaks.interval_s,
    cspNonce: section.dataset.nonce,
    waveColor: styles.getPropertyValue("--faint"),
    progressColor: styles.getPropertyValue("--link"),
    cursorColor: styles.getPropertyValue("--ink"),
    minPxPerSec: zoom,
    dragToSeek: false,
    autoScroll: false,
  });
  surfer.on("interaction", seek);
  surfer.on("scroll", see);
  surfer.on("redrawcomplete", look);
  surfer.on("ready", () => {
    surfer.setTime(time());
    look();
  });
}

function look() {
  const width = surfer.getWidth();
  const whole = surfer.getWrapper().scrollWidth || width;
  const duration = surfer.getDuration();
  see((surfer.getScroll() / whole) * duration, ((surfer.getScroll() + width) / whole) * duration);
}

function see(start, end) {
  span = [start, Math.max(end, start + 0.1)];
  drawLanes();
}

function drawLanes() {
  if (data === null) {
    return;
  }
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = 2 * LANE + GAP;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const styles = getComputedStyle(section);
  const colour = (kind) => styles.getPropertyValue(`--k-${kind}`);
  const x = (seconds) => ((seconds - span[0]) / (span[1] - span[0])) * width;
  const box = (one, top, high, kind) => {
    if (one.end >= span[0] && one.start <= span[1]) {
      pen.fillStyle = colour(kind);
      pen.fillRect(x(one.start), top, Math.max(1, x(one.end) - x(one.start) - 0.5), high);
    }
  };
  for (const one of data.original) {
    box(one, 0, LANE, "original");
  }
  for (const one of data.suspects) {
    box(one, 0, LANE, "suspect");
  }
  for (const one of data.dub) {
    box(one, LANE + GAP, LANE, one.kind);
    if (one.shortened) {
      box(one, LANE + GAP, STRIPE, "shortened");
    }
    if (one.retaken) {
      box(one, 2 * LANE + GAP - STRIPE, STRIPE, "retaken");
    }
  }
}

function kindsIn() {
  const kinds = new Set(["original", ...data.dub.map((one) => one.kind)]);
  for (const mark of ["shortened", "retaken"]) {
    if (data.dub.some((one) => one[mark])) {
      kinds.add(mark);
    }
  }
  return data.suspects.length > 0 ? kinds.add("suspect") : kinds;
}

function showLegend() {
  const kinds = kindsIn();
  for (const one of document.querySelectorAll("#legend li")) {
    one.hidden = !kinds.has(one.dataset.kind);
  }
}

function words(kind) {
  return document.querySelector(`#legend [data-kind="${kind}"]`).textContent;
}

function timeAt(event) {
  const box = canvas.getBoundingClientRect();
  return span[0] + ((event.clientX - box.left) / box.width) * (span[1] - span[0]);
}

function tip(event) {
  const [at, isDub] = [timeAt(event), event.clientY - canvas.getBoundingClientRect().top > LANE + GAP / 2];
  const within = (one) => one.start <= at && at <= one.end;
  const found = isDub ? data?.dub.find(within) : (data?.suspects.find(within) ?? data?.original.find(within));
  if (!found) {
    return "";
  }
  const kind = found.fate ? "suspect" : found.kind;
  const marks = ["shortened", "retaken"].filter((mark) => found[mark]).map(words);
  const pace = kind === "sped" || kind === "slowed" ? ` ${decimal(found.rate, 2)}×` : "";
  return [`${clock(found.start)}–${clock(found.end)}`, words(kind) + pace, ...marks].join(", ");
}

function zoomTo(pixelsPerSecond, middle) {
  const fitting = surfer.getWidth() / surfer.getDuration();
  const next = Math.min(FINEST, pixelsPerSecond);
  surfer.zoom(next <= fitting ? 0 : next);
  surfer.setScrollTime(Math.max(0, middle - surfer.getWidth() / Math.max(next, fitting) / 2));
}

function pixelsPerSecond() {
  return surfer.getWidth() / (span[1] - span[0]);
}

section.addEventListener("click", (event) => {
  const how = event.target.closest("[data-zoom]")?.dataset.zoom;
  if (how && surfer) {
    const factor = { in: 2, out: 0.5, all: 0 }[how];
    zoomTo(pixelsPerSecond() * factor, time());
  }
});
canvas.addEventListener("pointerdown", (event) => {
  dragged = { x: event.clientX, at: timeAt(event) };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointerup", (event) => {
  if (dragged && surfer) {
    const at = timeAt(event);
    if (Math.abs(event.clientX - dragged.x) < DRAGGED) {
      seek(at);
    } else {
      zoomTo(surfer.getWidth() / Math.abs(at - dragged.at), (at + dragged.at) / 2);
    }
  }
  dragged = null;
});
canvas.addEventListener("pointercancel", () => {
  dragged = null;
});
canvas.addEventListener("pointermove", (event) => {
  canvas.title = tip(event);
});
document.addEventListener("dropdub:time", (event) => {
  if (!surfer) {
    return;
  }
  surfer.setTime(event.detail);
  if (document.getElementById("follow").checked && (event.detail < span[0] || event.detail > span[1])) {
    surfer.setScrollTime(Math.max(0, event.detail - (span[1] - span[0]) * 0.1));
  }
});
document.addEventListener("dropdub:track", (event) => show(event.detail));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(track()));
new ResizeObserver(drawLanes).observe(canvas);
show(track());

// Plays the original and the dubs of a job. A switch between them keeps the time, and whether it plays.
//
// Other modules call `seek`, `loop` and `unloop`; four times a second while it plays, and when it is sought, the document
// gets the event `dropdub:time` with the seconds, and `dropdub:track` with the track that is heard from then on.

const TICK_MS = 250;
const SKIP_S = 10;
const STEP_S = 5;
const DRIFT_S = 0.15; // a dub that is further from the picture than this can be noticed
const BEFORE_LINE_S = 1; // so soon after a line has begun, the one before it is meant

// A text that nobody speaks has no player: then all this does nothing.
const found = (id, kind) => document.getElementById(id) ?? document.createElement(kind);
const section = found("player", "section");
const media = found("media", "audio");
const tracks = JSON.parse(section.dataset.tracks ?? "[]");
const original = tracks.find((one) => one.id === "original" && one.has_picture);
const rate = found("rate", "select");
const follow = found("follow", "input");
const toggleButton = section.querySelector("[data-do=toggle]");
const key = `job-${section.dataset.job}`;
let heard = tracks[0];
let shownFilm = tracks[0];
let companion = null; // the sound of a dub that has no picture, beside the picture of the original
let looped = null;
let isMuted = false;

/** Return the seconds at which it is. */
export function time() {
  return media.currentTime;
}

/** Return the track that is heard. */
export function track() {
  return heard;
}

/** Go to a time in seconds. */
export function seek(seconds) {
  media.currentTime = Math.max(0, Math.min(seconds, Number.isFinite(media.duration) ? media.duration : seconds));
  report();
}

/** Play from one time to another in seconds, again and again. */
export function loop(start, end) {
  looped = { start, end };
  seek(start);
  play();
}

/** Play on after the end of what is repeated. */
export function unloop() {
  looped = null;
}

/** Hear another track, by its id. */
export function hear(id) {
  const next = tracks.find((one) => one.id === id) ?? tracks[0];
  if (next === heard) {
    return;
  }
  heard = next;
  const film = next.has_picture || !original ? next : original;
  setCompanion(film === next ? null : next);
  if (film !== shownFilm) {
    shownFilm = film;
    setSources(media, film.sources);
  }
  document.dispatchEvent(new CustomEvent("dropdub:track", { detail: next }));
}

function setSources(element, sources) {
  const at = element.currentTime;
  const isPlaying = !element.paused && !element.ended;
  for (const old of element.querySelectorAll("source")) {
    old.remove();
  }
  document.getElementById("unplayable").hidden = true;
  element.prepend(...sources.map(sourceElement));
  element.load();
  element.defaultPlaybackRate = element.playbackRate = Number(rate.value);
  element.currentTime = at;
  if (isPlaying) {
    element.play().catch(() => {});
  }
}

function sourceElement(source) {
  const made = document.createElement("source");
  made.src = source.src;
  if (source.type) {
    made.type = source.type;
  }
  return made;
}

function setCompanion(next) {
  if (next === null) {
    companion?.pause();
    if (companion) {
      media.muted = isMuted;
    }
    companion = null;
    return;
  }
  if (companion === null) {
    isMuted = media.muted;
  }
  companion?.pause();
  companion = document.createElement("audio");
  companion.append(...next.sources.map(sourceElement));
  companion.volume = media.volume;
  companion.muted = isMuted;
  media.muted = true;
  accompany();
  if (!media.paused) {
    companion.play().catch(() => {});
  }
}

/** Bring the sound to where the picture is. */
function accompany() {
  if (companion && (media.paused || Math.abs(companion.currentTime - media.currentTime) > DRIFT_S)) {
    companion.currentTime = media.currentTime;
  }
  if (companion) {
    companion.playbackRate = media.playbackRate;
  }
}

function play() {
  media.play().catch(() => {}); // the browser says why in its own controls
}

function toggle() {
  if (media.paused) {
    play();
  } else {
    media.pause();
  }
}

function report() {
  document.dispatchEvent(new CustomEvent("dropdub:time", { detail: media.currentTime }));
  if (follow.checked) {
    showCurrent();
  }
}

function showCurrent() {
  const line = document.querySelector("#transcript .now");
  const box = line?.closest(".lines");
  if (!box || box.contains(document.activeElement?.closest("textarea, input"))) {
    return;
  }
  const [inner, outer] = [line.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.top < outer.top + outer.height * 0.1 || inner.bottom > outer.bottom - outer.height * 0.2) {
    box.scrollTop += inner.top - outer.top - outer.height * 0.3;
  }
}

function tick() {
  if (looped && media.currentTime >= looped.end) {
    media.currentTime = looped.start;
  }
  accompany();
  if (!media.paused) {
    report();
  }
}

function changeLine(step) {
  const starts = [...document.querySelectorAll("#transcript .line")].map((one) => Number(one.dataset.start));
  const at = media.currentTime;
  const next = step > 0 ? starts.find((start) => start > at + 0.05) : starts.findLast((start) => start < at - BEFORE_LINE_S);
  seek(next ?? (step > 0 ? at : 0));
}

function changeRate(step) {
  rate.selectedIndex = Math.max(0, Math.min(rate.selectedIndex + step, rate.options.length - 1));
  setRate();
}

function setRate() {
  media.defaultPlaybackRate = media.playbackRate = Number(rate.value);
  accompany();
}

const ACTIONS = {
  toggle,
  back: () => seek(media.currentTime - SKIP_S),
  on: () => seek(media.currentTime + SKIP_S),
  "line-back": () => changeLine(-1),
  "line-on": () => changeLine(1),
};
const KEYS = {
  " ": toggle,
  k: toggle,
  j: ACTIONS.back,
  l: ACTIONS.on,
  ArrowLeft: () => seek(media.currentTime - STEP_S),
  ArrowRight: () => seek(media.currentTime + STEP_S),
  "[": ACTIONS["line-back"],
  "]": ACTIONS["line-on"],
  "<": () => changeRate(-1),
  ">": () => changeRate(1),
  f: () => follow.click(),
};

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const place = event.target;
  const isTaken =
    event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented ||
    place.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])") ||
    (event.key === " " && place.closest("button, a, summary, input:not([type=radio]:checked)")) ||
    (event.key.startsWith("Arrow") && place.closest("input"));
  if (act && !isTaken && section.isConnected) {
    event.preventDefault();
    act();
  }
});
section.addEventListener("click", (event) => ACTIONS[event.target.closest("[data-do]")?.dataset.do]?.());
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seek]");
  if (button) {
    seek(Number(button.dataset.seek));
    play();
  }
});
for (const one of section.querySelectorAll("input[name=hear]")) {
  one.addEventListener("change", () => hear(one.value));
}
rate.addEventListener("change", setRate);
media.addEventListener("ratechange", () => {
  if (companion) {
    companion.playbackRate = media.playbackRate;
  }
});
media.addEventListener("play", () => companion?.play().catch(() => {}));
media.addEventListener("pause", () => companion?.pause());
media.addEventListener("seeked", () => {
  accompany();
  report();
});
media.addEventListener("volumechange", () => {
  if (!companion) {
    return;
  }
  companion.volume = media.volume;
  if (!media.muted) {
    // The button of the picture is that of the sound beside it.
    companion.muted = isMuted = !companion.muted;
    media.muted = true;
  }
});
for (const kind of ["play", "pause"]) {
  media.addEventListener(kind, () => {
    toggleButton.textContent = media.paused ? toggleButton.dataset.play : toggleButton.dataset.pause;
  });
}
media.addEventListener(
  "error",
  (event) => {
    const last = [...media.querySelectorAll("source")].at(-1);
    document.getElementById("unplayable").hidden = event.target !== last && event.target !== media;
  },
  true,
);

// Another language of the text is another page: it continues where this one was left.
function keep() {
  const state = { at: media.currentTime, heard: heard.id, rate: rate.value, follow: follow.checked, plays: !media.paused };
  sessionStorage.setItem(key, JSON.stringify({ ...state, left: Date.now() }));
}

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (!kept) {
    return;
  }
  rate.value = kept.rate;
  follow.checked = kept.follow;
  const choice = section.querySelector(`input[name=hear][value="${CSS.escape(kept.heard)}"]`);
  if (choice) {
    choice.checked = true;
    hear(kept.heard);
  }
  setRate();
  media.currentTime = kept.at;
  if (kept.plays && Date.now() - kept.left < 10_000) {
    play();
  }
}

if (section.isConnected) {
  document.getElementById("controls").hidden = false;
  document.getElementById("keys").hidden = false;
  addEventListener("pagehide", keep);
  restore();
  setInterval(tick, TICK_MS);
}

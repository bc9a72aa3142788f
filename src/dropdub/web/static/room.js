// An interpreted talk: who is there, what is loaded, what is said, and the sound of what the other one says.

import { ask } from "./asking.js";
import { offerCopies } from "./copy.js";
import { InterpretedSound } from "./interpreted-sound.js";
import { languageName, namedLanguages } from "./languages.js";
import { hasMicrophone, openMicrophone } from "./microphone.js";
import { said, show } from "./texts.js";
import { Utterances } from "./utterances.js";

const CLOCK_SAMPLES = 5;
const FRESH_MS = 30_000; // what was said before that is shown, but not played to somebody who comes back
const AGAIN_MS = 1_000;
const TRIES = 30;

const main = document.getElementById("main");
const words = main.dataset;
const path = `/v1/rooms/${words.room}`;
const part = (name) => document.getElementById(`room-${name}`);
// Looked up once: of the page, only the notice of the end is left, while something may still be under way.
const [problem, status, meter] = ["problem", "state", "level"].map(part);
const shownLines = new Map();
const played = new Set(JSON.parse(sessionStorage.getItem(words.room) ?? "[]"));
let room = null;
let clockAhead = 0; // ms by which the server's clock is ahead of this one
let microphone = null;
let hasEnded = false;

const sound = new InterpretedSound({ onFirst: report, onChange: showState });
const utterances = new Utterances({ onUtterance: send, onChange: showState });

function json(method, body) {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

/** Find out how much the server's clock is ahead, from the answer that was on its way for the shortest time. */
async function synchronise() {
  let shortest = Infinity;
  for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
    const asked = Date.now();
    const { now } = await (await ask(`${path}/clock`)).json();
    const lasted = Date.now() - asked;
    if (lasted < shortest) {
      shortest = lasted;
      clockAhead = now * 1000 - (asked + lasted / 2);
    }
  }
}

function serverTime(ms) {
  return (ms + clockAhead) / 1000;
}

/* What the server says of the room */

function showRoom(found) {
  room = found;
  const isIn = Boolean(room.members[room.you]) && microphone !== null;
  part("members").replaceChildren(...["host", "guest"].map(member).filter(Boolean));
  showPreparing();
  part("invite")?.toggleAttribute("hidden", room.members.guest?.is_here ?? false);
  part("hold").disabled = !(isIn && room.ready && microphone !== false);
  part("free").disabled = part("hold").disabled;
  if (part("hold").disabled) {
    release(); // a disabled button does not notice that it is released
  }
  if (room.members[room.you]) {
    part("keep").checked = room.members[room.you].agrees;
  }
  const keeps = part("keeps");
  keeps.textContent = room.keeps_record ? keeps.dataset.yes : keeps.dataset.no;
  const recorded = part("voice").querySelector("option[value=recorded]");
  recorded.hidden = recorded.disabled = !room.recorded_voice;
}

function member(seat) {
  const found = room.members[seat];
  const item = document.createElement("li");
  item.className = "card row";
  if (!found) {
    item.textContent = words.nobody;
    return item;
  }
  const name = document.createElement("strong");
  name.append(bdi(seat === room.you ? said(words.youAre, { name: found.name }) : found.name));
  const about = [languageName(found.language), found.is_here ? "" : words.away].filter(Boolean).join(", ");
  item.append(name, line(about, "faint"));
  if (!found.own_voice) {
    item.append(line(said(words.defaultVoice, { name: found.name }), "small faint"));
  }
  return item;
}

function bdi(text) {
  const element = document.createElement("bdi");
  element.textContent = text;
  return element;
}

function line(text, look = "") {
  const element = document.createElement("span");
  element.textContent = text;
  element.className = look;
  return element;
}

function showPreparing() {
  const open = room.preparing.filter((one) => !one.done);
  part("preparing").hidden = open.length === 0;
  part("progress").max = Math.max(room.preparing.length, 1);
  part("progress").value = room.preparing.length - open.length;
  part("needs").replaceChildren(...room.preparing.map((one) => {
    const item = document.createElement("li");
    const values = { language: one.language && languageName(one.language), target: one.target && languageName(one.target) };
    const state = one.done ? words.done : one.problem || words.loading;
    item.append(line(`${said(words[one.role], values)}: `), line(state, one.problem && !one.done ? "bad" : ""));
    if (one.remedy && !one.done) {
      item.append(line(` ${one.remedy}`));
    }
    return item;
  }));
}

function showSaid(found) {
  const item = shownLines.get(found.n) ?? newLine(found);
  item.className = `card ${found.seat === words.you ? "mine" : ""}`;
  item.toggleAttribute("data-open", found.state === "hearing" || found.state === "translating");
  item.querySelector(".who").textContent = room?.members[found.seat]?.name ?? "";
  const [original, translation, state] = [".original", ".translation", ".how"].map((one) => item.querySelector(one));
  write(original, found.text, found.language);
  write(translation, found.translation, found.target);
  const states = {
    hearing: words.hearing,
    translating: words.translating,
    nothing: words.nothing,
    failed: said(words.failed, { reason: found.problem }),
  };
  state.textContent = states[found.state] ?? "";
  if (item === part("said").lastElementChild) {
    item.scrollIntoView({ block: "nearest" });
  }
  if (found.state === "speaking" && found.seat !== words.you) {
    offer(item, found);
    if (!played.has(found.n) && serverTime(Date.now()) - found.ended_at < FRESH_MS / 1000) {
      hear(found);
    }
  }
}

function newLine(found) {
  const item = document.createElement("li");
  item.append(line("", "who small faint"), line("", "original"), line("", "translation"), line("", "how small faint"));
  shownLines.set(found.n, item);
  const later = [...shownLines.keys()].filter((n) => n > found.n);
  part("said").insertBefore(item, shownLines.get(Math.min(...later)) ?? null);
  return item;
}

function write(element, text, language) {
  element.textContent = text;
  element.lang = language;
  element.hidden = text === "";
}

function offer(item, found) {
  if (item.querySelector("button")) {
    return;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = words.again;
  button.addEventListener("click", () => sound.play(found));
  item.append(button);
}

function hear(found) {
  played.add(found.n);
  sessionStorage.setItem(words.room, JSON.stringify([...played].slice(-50)));
  sound.play(found);
}

function report(found, at) {
  if (found.isReported) {
    return;
  }
  found.isReported = true;
  ask(`${path}/utterances/${found.n}/played`, json("POST", { at: serverTime(at) })).catch(() => {});
}

function showLatency({ n, latency_s, over_s }) {
  const format = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const values = { latency: format.format(latency_s), over: format.format(over_s) };
  const how = shownLines.get(n)?.querySelector(".how");
  if (how) {
    how.textContent = said(words.latency, values);
    how.scrollIntoView({ block: "nearest" });
    Object.assign(how.dataset, { latency: latency_s, over: over_s });
  }
}

function showEnd({ job }) {
  hasEnded = true;
  leave();
  const texts = [words.ended, job ? said(words.kept, { job }) : words.notKept];
  const notice = document.createElement("p");
  notice.className = "note";
  notice.id = "room-ended";
  notice.setAttribute("role", "status");
  notice.textContent = texts.join(" ");
  if (job && words.you === "host") {
    const link = document.createElement("a");
    link.href = `/jobs/${job}`;
    link.textContent = ` /jobs/${job}`;
    notice.append(link);
  }
  main.replaceChildren(notice);
}

/** Remove lines that were not complete when the connection broke: for the others, more will come. */
function forgetOpen() {
  for (const [n, item] of shownLines) {
    if (item.hasAttribute("data-open")) {
      item.remove();
      shownLines.delete(n);
    }
  }
}

function listen() {
  const events = new EventSource(`${path}/events`);
  const handlers = { room: showRoom, said: showSaid, latency: showLatency, end: showEnd };
  for (const [kind, handler] of Object.entries(handlers)) {
    events.addEventListener(kind, (event) => {
      part("lost")?.setAttribute("hidden", "");
      handler(JSON.parse(event.data));
      if (kind === "end") {
        events.close();
      }
    });
  }
  events.addEventListener("open", forgetOpen);
  events.addEventListener("error", () => {
    if (hasEnded) {
      return;
    }
    part("lost").hidden = false;
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(async () => {
        const answer = await fetch(path).catch(() => null);
        answer?.status === 404 ? location.reload() : listen();
      }, AGAIN_MS);
    }
  });
}

/* What this page does */

async function enter(event) {
  event.preventDefault();
  show(problem, "");
  const values = new FormData(part("enter"));
  sound.allow();
  try {
    await synchronise();
    const body = { name: values.get("name").trim(), language: values.get("language"), voice: values.get("voice") || null };
    await openOnce();
    showRoom(await (await ask(`${path}/enter`, json("POST", body))).json());
    part("entrance").hidden = true;
    part("talk").hidden = false;
    part("hold").focus();
  } catch (error) {
    show(problem, error.message);
  }
}

/** Open the microphone; without one, somebody can still read and hear. */
async function openOnce() {
  if (microphone) {
    return;
  }
  microphone = false;
  if (!hasMicrophone()) {
    show(problem, words.insecure);
    return;
  }
  try {
    microphone = await openMicrophone(words.worklet, {
      onSound: (samples) => utterances.add(samples),
      onLevel: (level) => {
        meter.value = Math.max(level, meter.value * 0.8);
        utterances.level(level);
      },
      onLost: () => show(problem, words.unplugged),
    });
    utterances.microphone = microphone;
  } catch (error) {
    show(problem, error.name === "NotAllowedError" || error.name === "NotFoundError" ? words.refused : error.message);
  }
}

function leave() {
  if (microphone) {
    microphone.close();
  }
  microphone = null;
}

let sending = Promise.resolve();

/** Send an utterance; one after another, so that what is said stays in order. */
function send(samples, endedAt) {
  sending = sending.then(() => sent(samples, endedAt)).catch((error) => show(problem, error.message));
}

async function sent(samples, endedAt) {
  const address = `${path}/utterances?ended_at=${serverTime(endedAt)}`;
  const headers = { "Content-Type": "application/octet-stream" };
  for (let tries = 1; ; tries += 1) {
    try {
      await ask(address, { method: "POST", headers, body: samples });
      return;
    } catch (error) {
      if (error.status === 422) {
        return; // nothing was said: the line says so
      }
      const isFinal = error.status && error.status < 500 && error.status !== 409 && error.status !== 429;
      if (isFinal || tries === TRIES) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function showState() {
  const hold = part("hold");
  if (!hold) {
    return;
  }
  utterances.isMuted = sound.isPlaying;
  if (utterances.isMuted && utterances.isFree && utterances.isOpen) {
    utterances.end(utterances.lastLoud); // what was said before counts
  }
  hold.textContent = utterances.isOpen && !utterances.isFree ? words.talking : words.talk;
  hold.setAttribute("aria-pressed", String(utterances.isOpen));
  const free = utterances.isFree ? words.open : "";
  show(status, sound.isPlaying ? words.playing : free);
}

function press() {
  if (!part("hold").disabled && !utterances.isFree && !utterances.isOpen) {
    show(problem, "");
    utterances.begin();
  }
}

async function release() {
  if (!utterances.isFree && utterances.isOpen && !(await utterances.end())) {
    show(problem, words.short);
  }
}

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), select, textarea, button:not(#room-hold), summary, a") !== null;
}

part("enter").addEventListener("submit", enter);
part("change").addEventListener("click", () => {
  part("entrance").hidden = false;
  part("talk").hidden = true;
  part("name").focus();
});
part("hold").addEventListener("pointerdown", (event) => {
  event.target.setPointerCapture(event.pointerId);
  press();
});
part("hold").addEventListener("pointerup", release);
part("hold").addEventListener("pointercancel", release);
document.addEventListener("keydown", (event) => {
  if (event.code === "Space" && part("talk")?.hidden === false && !isTyping(event.target) && event.target.type !== "checkbox") {
    event.preventDefault();
    press();
  }
});
document.addEventListener("keyup", (event) => {
  if (event.code === "Space" && utterances.isOpen && !utterances.isFree) {
    event.preventDefault();
    release();
  }
});
window.addEventListener("blur", release);
part("free").addEventListener("change", (event) => {
  utterances.drop();
  utterances.isFree = event.target.checked;
  showState();
});
part("keep").addEventListener("change", (event) => {
  ask(`${path}/record`, json("POST", { agrees: event.target.checked })).catch((error) => show(problem, error.message));
});
document.addEventListener("dropdub:voice", () => {
  const recorded = part("voice").querySelector("option[value=recorded]");
  recorded.hidden = recorded.disabled = false;
  part("voice").value = "recorded";
});
part("end")?.addEventListener("click", () => {
  if (confirm(words.endSure)) {
    ask(`${path}/end`, { method: "POST" }).catch((error) => show(problem, error.message));
  }
});
part("link-make")?.addEventListener("click", async () => {
  try {
    const made = await (await ask(`${path}/invitations`, { method: "POST" })).json();
    part("link").value = location.origin + made.path;
    part("link").hidden = false;
    part("link").select();
    offerCopies(part("invite"));
  } catch (error) {
    show(problem, error.message);
  }
});
namedLanguages(document);
listen();

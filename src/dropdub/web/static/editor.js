// The lines of a job: mended in place, heard before they count, and made when somebody says so.

import { Changes } from "./changes.js";
import { Draft, ask, message } from "./draft.js";
import { onFind } from "./finding.js";
import { lines, list, onShown, restore, show as showFully, textOf, write } from "./lines.js";
import { Making } from "./making.js";
import { keepSteps } from "./steps.js";

const section = document.getElementById("mending");
const texts = section.dataset;
const { job, target } = list.dataset;
const items = new Map(lines.map((item) => [Number(item.dataset.n), item]));
const originals = new Map([...items].map(([n, item]) => [n, textOf(item)]));
const address = `/v1/jobs/${job}/draft${target ? `?target=${target}` : ""}`;
const kept = document.getElementById("kept");
const aloud = document.getElementById("kept-aloud");
const trouble = document.getElementById("trouble");
const [undo, redo] = ["undo", "redo"].map((id) => document.getElementById(id));
const media = document.getElementById("media");
const player = media && (await import("./player.js")); // a job whose recording is gone has none
const sound = new Audio();
let reachable = lines[0]; // by Tab: only the pen of one line, so that nobody has to pass 3,000
let opened = null; // the number of the line that is being mended
let loops = true;
let wasPaused = true; // before the line was opened

const changes = new Changes(originals, show);
const draft = new Draft(address, changes, showDraft);
const making = new Making({ job, target, texts, changes, draft });

// -- what is shown ------------------------------------------------------------------------------------------------

function show(numbers, speakers) {
  numbers.filter((n) => items.has(n)).forEach(showLine);
  if (speakers.length > 0) {
    showNames();
  }
  undo.disabled = changes.done.length === 0;
  redo.disabled = changes.undone.length === 0;
  making.show();
  finding();
}

function showLine(n) {
  const item = items.get(n);
  const isChanged = changes.texts.has(n);
  if (isChanged) {
    write(item, changes.text(n) || texts.removed);
  } else if (item.classList.contains("changed")) {
    restore(item, originals.get(n));
  }
  item.classList.toggle("changed", isChanged);
  showBefore(item, n, isChanged);
  const field = item.querySelector("textarea");
  if (field && field.value !== changes.text(n)) {
    field.value = changes.text(n);
  }
}

function showBefore(item, n, isChanged) {
  const shown = item.querySelector(".was");
  if (!isChanged || shown) {
    if (!isChanged) {
      shown?.remove();
    }
    return;
  }
  const was = document.createElement("p");
  was.className = "was small faint";
  const old = document.createElement("del");
  old.textContent = originals.get(n);
  const revert = document.createElement("button");
  revert.type = "button";
  revert.className = "small";
  revert.dataset.do = "revert";
  revert.textContent = texts.revert;
  revert.ariaLabel = texts.revertLine.replace("{line}", n);
  was.append(texts.was, " ", old, " ", revert);
  item.append(was);
}

function showDraft(state, details) {
  kept.textContent = { saved: texts.saved, saving: texts.saving, failed: texts.failed }[state] ?? "";
  if (state === "failed" || (state === "saved" && aloud.textContent)) {
    aloud.textContent = kept.textContent; // each pause in typing would be too often
  }
  const said = {
    refused: () => texts.refused.replace("{reason}", details),
    disputed: () => texts.disputed.replace("{lines}", details.map((one) => one.n).join(", ")),
    saved: () => changes.others.length && texts.others.replace("{count}", changes.others.length),
  }[state]?.();
  if (said) {
    trouble.textContent = said;
    trouble.hidden = false;
    trouble.dataset.kind = state;
  } else if (state === "saved" && trouble.dataset.kind === "refused") {
    trouble.hidden = true;
  }
  making.show();
}

onShown((item) => {
  const pen = document.createElement("button");
  pen.type = "button";
  pen.className = "plain pen";
  pen.textContent = "✎";
  pen.ariaLabel = texts.mend.replace("{line}", item.dataset.n);
  pen.tabIndex = item === reachable ? 0 : -1;
  item.querySelector(".said").after(pen);
});
showFully(reachable);

// -- names of speakers ----------------------------------------------------------------------------------------------

const speakers = [...new Set([...items.values()].map((item) => item.dataset.speaker).filter(Boolean))];
const names = document.getElementById("names");
for (const speaker of names ? speakers : []) {
  const row = document.createElement("p");
  const label = document.createElement("label");
  const field = document.createElement("input");
  field.id = `name-${speakers.indexOf(speaker)}`;
  field.maxLength = 100;
  field.dataset.speaker = speaker;
  label.htmlFor = field.id;
  label.textContent = texts.nameOf.replace("{speaker}", speaker);
  row.append(label, " ", field);
  names.append(row);
}
names?.addEventListener("change", (event) => {
  const { speaker } = event.target.dataset;
  changes.change([], [[speaker, event.target.value.trim() || speaker]]);
  draft.changed();
});

function showNames() {
  for (const item of items.values()) {
    const shown = item.querySelector(".speaker");
    if (shown) {
      shown.textContent = changes.name(item.dataset.speaker);
    }
  }
  for (const field of names?.querySelectorAll("input") ?? []) {
    field.value = changes.name(field.dataset.speaker);
  }
}

// -- one line that is mended ------------------------------------------------------------------------------------------

function open(n) {
  wasPaused = opened === null ? (media?.paused ?? true) : wasPaused;
  shut();
  const item = items.get(n);
  opened = n;
  const editor = document.getElementById("line-editor").content.cloneNode(true);
  const field = editor.querySelector("textarea");
  field.value = changes.text(n);
  field.ariaLabel = texts.text.replace("{line}", n);
  editor.querySelector("[data-do=loop]").ariaPressed = String(loops);
  item.append(editor);
  field.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  repeat();
}

function shut() {
  if (opened !== null) {
    items.get(opened).querySelector(".editor").remove();
    opened = null;
    changes.rest();
    player?.unloop();
    sound.pause();
  }
}

function repeat() {
  const { start, end } = items.get(opened).dataset;
  if (loops && Number(end) > Number(start)) {
    player?.loop(Number(start), Number(end));
  } else {
    player?.unloop();
  }
}

function leave() {
  const item = items.get(opened);
  shut();
  if (wasPaused) {
    media?.pause();
  }
  select(item);
}

function beside(n, step) {
  const numbers = [...items.keys()];
  return numbers[numbers.indexOf(n) + step];
}

function goOn(event, step) {
  const next = beside(opened, step);
  event.preventDefault();
  if (next === undefined) {
    leave();
  } else {
    select(items.get(next));
    open(next);
  }
}

let heard = 0;
async function hear() {
  const n = opened;
  const turn = (heard += 1);
  const said = items.get(n).querySelector(".editor [role=status]");
  said.textContent = texts.hearing;
  const body = { text: changes.text(n), target: target || null };
  const answer = await ask(`/v1/jobs/${job}/lines/${n}/preview`, "POST", body);
  if (turn !== heard || opened !== n) {
    return;
  }
  if (!answer) {
    said.textContent = texts.noAnswer;
  } else if (!answer.ok) {
    said.textContent = await message(answer);
  } else if (answer.status === 202) {
    said.textContent = texts.later;
  } else {
    said.textContent = voiceOf(answer.headers);
    player?.unloop();
    media?.pause();
    URL.revokeObjectURL(sound.src);
    sound.src = URL.createObjectURL(await answer.blob());
    sound.play().catch(() => {});
  }
}

function voiceOf(headers) {
  const name = headers.get("Dropdub-Voice-Name");
  const voice = name === null ? null : changes.name(decodeURIComponent(name));
  const kind = headers.get("Dropdub-Voice");
  const worded = kind === "cloned" && voice === null ? texts.own : texts[kind].replace("{voice}", voice);
  const warnings = headers.get("Dropdub-Warnings");
  return warnings ? `${worded}. ${decodeURIComponent(warnings)}` : worded;
}

// -- what somebody does -------------------------------------------------------------------------------------------

const actions = {
  hear,
  close: leave,
  loop() {
    loops = !loops;
    items.get(opened).querySelector("[data-do=loop]").ariaPressed = String(loops);
    repeat();
  },
  revert(n) {
    changes.change([[n, originals.get(n)]]);
    draft.changed();
    showFully(items.get(n));
    items.get(n).querySelector("textarea, .pen").focus();
  },
};

list.addEventListener("click", (event) => {
  const item = event.target.closest(".line");
  const button = event.target.closest("button");
  if (button?.classList.contains("pen")) {
    select(item);
    open(Number(item.dataset.n));
  } else if (button) {
    actions[button.dataset.do](Number(item.dataset.n));
  }
});
list.addEventListener("input", (event) => {
  changes.type(opened, event.target.value);
  draft.changed();
});

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
list.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && opened !== null) {
    leave();
  } else if (event.target.tagName === "TEXTAREA") {
    if (event.key === "Tab" && !event.shiftKey) {
      goOn(event, 1);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      goOn(event, event.shiftKey ? -1 : 1);
    }
  } else if (event.target.classList.contains("pen") && event.key in STEPS) {
    event.preventDefault();
    const at = lines.indexOf(event.target.closest(".line")) + STEPS[event.key];
    select(lines[Math.max(0, Math.min(lines.length - 1, at))]);
  }
});

/** Focus the pen of a line. */
function select(item) {
  reachable.querySelector(".pen").tabIndex = -1;
  reachable = item;
  showFully(item);
  const pen = item.querySelector(".pen");
  pen.tabIndex = 0;
  pen.focus();
}

document.addEventListener("keydown", (event) => {
  const isText = event.target.matches("textarea, input:not([type=checkbox])");
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !isText && (key === "z" || key === "y")) {
    event.preventDefault();
    step(key === "y" || event.shiftKey ? "redo" : "undo");
  }
});
undo.addEventListener("click", () => step("undo"));
redo.addEventListener("click", () => step("redo"));

function step(which) {
  changes[which]();
  draft.changed();
}

const finding = onFind({
  texts,
  lines: () => [...items.keys()].map((n) => [n, changes.text(n)]),
  replace(lines) {
    changes.change(lines);
    draft.changed();
  },
  open,
});

section.classList.add("live");
showNames();
draft.load().then(() => {
  if (draft.isLoaded) {
    keepSteps(address, changes);
  }
  making.resume();
});

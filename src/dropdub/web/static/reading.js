// Marks the line and the word that are heard, and plays from a word that is clicked.

import { lines, list, show } from "./lines.js";

// A text, and a job whose recording is gone, have no player.
const player = document.getElementById("media") && (await import("./player.js"));
const starts = lines.map((one) => Number(one.dataset.start));
let now = null;
let word = null;

/** Return the place of the last of some sorted times that is not after a time; -1 if all are. */
function lastBefore(times, seconds) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= seconds + 0.05) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

function markLine(line) {
  if (line === now) {
    return;
  }
  now?.classList.remove("now");
  now?.removeAttribute("aria-current");
  now = line;
  if (now) {
    show(now); // it may be far from what can be seen
  }
  now?.classList.add("now");
  now?.setAttribute("aria-current", "true");
}

function markWord(next) {
  if (next !== word) {
    word?.classList.remove("now-word");
    next?.classList.add("now-word");
    word = next;
  }
}

document.addEventListener("dropdub:time", (event) => {
  const line = lines[lastBefore(starts, event.detail)] ?? null;
  markLine(line);
  const words = [...(line?.querySelectorAll(".word") ?? [])];
  markWord(words[lastBefore(words.map((one) => Number(one.dataset.s)), event.detail)] ?? null);
});

list.addEventListener("click", (event) => {
  const line = event.target.closest(".line");
  if (line && !event.target.closest("button, .editor, .was") && !String(getSelection())) {
    player?.seek(Number(event.target.closest(".word")?.dataset.s ?? line.dataset.start));
  }
});

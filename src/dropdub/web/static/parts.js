// Fetches parts of a page again: `data-part` is the path of one, `data-every` after how many seconds, `data-first`
// whether the page came without it. A button with `data-refresh` names the part that it fetches.

import { offerCopies } from "./copy.js";
import { localTimes } from "./times.js";

const running = new Set();
const fetched = new WeakMap();
const loaded = Date.now();

async function fetchPart(part) {
  if (running.has(part)) {
    return;
  }
  running.add(part);
  part.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(part.dataset.part);
    if (answer.status === 401) {
      location.reload();
    }
    if (!answer.ok) {
      throw new Error(answer.statusText);
    }
    await htmx.swap({ sourceElement: part, target: part, text: await answer.text(), swap: "innerMorph" });
    localTimes(part);
    offerCopies(part);
  } catch {
    // the server is gone for a moment; the page says so by itself
  } finally {
    running.delete(part);
    fetched.set(part, Date.now());
    part.removeAttribute("aria-busy");
  }
}

function fetchDue() {
  for (const part of document.hidden ? [] : document.querySelectorAll("[data-every]")) {
    if (Date.now() - (fetched.get(part) ?? loaded) >= 1_000 * Number(part.dataset.every)) {
      fetchPart(part);
    }
  }
}

document.querySelectorAll("[data-first]").forEach(fetchPart);
setInterval(fetchDue, 1_000);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-refresh]");
  if (button) {
    event.preventDefault();
    const part = document.getElementById(button.dataset.refresh);
    for (const one of part.querySelectorAll("[data-while]")) {
      one.hidden = false;
    }
    fetchPart(part);
  }
});
localTimes(document);

// Find and replace in all lines: first with a count and a preview, then in one step.

import { said } from "./texts.js";

const MOST_SHOWN = 50;
const PAUSE_MS = 150;

/** Return a function that looks again, after lines have changed. `replace` gets `[n, text]` of each changed line. */
export function onFind({ texts, lines, replace, open }) {
  const [panel, find, by, matchCase, all, status, list] = [
    "finding", "find", "replace", "match-case", "replace-all", "found", "found-lines",
  ].map((id) => document.getElementById(id));
  let timer = null;

  function look() {
    const pattern = find.value && new RegExp(escaped(find.value), matchCase.checked ? "gu" : "giu");
    const found = pattern ? lines().filter(([, text]) => text.search(pattern) >= 0) : [];
    const count = found.reduce((sum, [, text]) => sum + text.match(pattern).length, 0);
    all.disabled = count === 0;
    status.textContent = !pattern ? "" : count ? said(texts.found, { count, lines: found.length }) : texts.notFound;
    list.replaceChildren(...found.slice(0, MOST_SHOWN).map(([n, text]) => entry(n, text, pattern)));
    if (found.length > MOST_SHOWN) {
      list.append(element("li", said(texts.more, { count: found.length - MOST_SHOWN })));
    }
    return [found, pattern];
  }

  /** Return a found line as it would be. */
  function entry(n, text, pattern) {
    const link = element("a", texts.line.replace("{line}", n));
    link.href = `#line-${n}`;
    link.dataset.n = n;
    const item = element("li", "");
    item.append(link, " ");
    let end = 0;
    for (const one of text.matchAll(pattern)) {
      item.append(text.slice(end, one.index), element("del", one[0]), element("ins", by.value));
      end = one.index + one[0].length;
    }
    item.append(text.slice(end));
    return item;
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(() => panel.open && look(), PAUSE_MS);
  }

  for (const field of [find, by, matchCase]) {
    field.addEventListener("input", soon);
  }
  panel.addEventListener("toggle", soon);
  list.addEventListener("click", (event) => {
    if (event.target.dataset.n) {
      event.preventDefault();
      open(Number(event.target.dataset.n));
    }
  });
  all.addEventListener("click", () => {
    const [found, pattern] = look();
    replace(found.map(([n, text]) => [n, text.replace(pattern, () => by.value)]));
    find.focus();
  });
  return soon;
}

function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

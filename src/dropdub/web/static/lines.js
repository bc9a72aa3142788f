// The lines of a text. Words become elements only in lines that can be seen: three hours have 30,000 of them.

export const list = document.getElementById("transcript");
export const lines = [...list.children];
const shown = new Set(); // the lines that have been seen
const changed = new WeakSet(); // those whose text was not heard so
const handlers = [];

const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        show(target);
      }
    }
  },
  { root: list.closest(".lines"), rootMargin: "100%" },
);
for (const line of lines) {
  sight.observe(line);
}

/** Call a function with each line when it comes into sight for the first time. */
export function onShown(handler) {
  handlers.push(handler);
  shown.forEach((line) => handler(line));
}

/** Make what only lines have that can be seen: an element of each word, and what handlers add. */
export function show(line) {
  sight.unobserve(line);
  if (!shown.has(line)) {
    shown.add(line);
    split(line);
    handlers.forEach((handler) => handler(line));
  }
}

/** Return the text of a line as it is shown. */
export function textOf(line) {
  return said(line).textContent;
}

/** Show another text of a line. */
export function write(line, text) {
  changed.add(line);
  said(line).textContent = text;
}

/** Show again the text of a line that was heard. */
export function restore(line, text) {
  changed.delete(line);
  said(line).textContent = text;
  if (shown.has(line)) {
    split(line);
  }
}

function split(line) {
  if (!changed.has(line)) {
    said(line).replaceChildren(...pieces(said(line), Number(line.dataset.start)));
  }
}

function said(line) {
  return line.querySelector(".said");
}

function pieces({ dataset, textContent }, start) {
  const numbers = dataset.words ? dataset.words.split(" ").map(Number) : [];
  const made = [];
  let done = 0;
  for (let at = 0; at < numbers.length; at += 3) {
    const [between, length, after] = numbers.slice(at, at + 3);
    const word = document.createElement("span");
    word.className = "word";
    word.dataset.s = (start + after / 100).toFixed(2);
    word.textContent = textContent.slice(done + between, done + between + length);
    made.push(textContent.slice(done, done + between), word);
    done += between + length;
  }
  return [...made, textContent.slice(done)];
}

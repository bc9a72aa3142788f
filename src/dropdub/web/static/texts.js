// Texts that a page brings, in the language of who looks at it.

/** Put values into a text such as `{name} is too large`. */
export function said(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Show an element with a text; hide it if that is empty. What is read aloud is not set again without need. */
export function show(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
  element.hidden = text === "";
}

// Copies what a button names. Where the browser allows that only over https, the text is selected, to be copied by hand.

/** Show the buttons for copying below an element, with what they copy: without scripts, they could do nothing. */
export function offerCopies(element) {
  for (const button of element.querySelectorAll("[data-copy]")) {
    button.hidden = document.getElementById(button.dataset.copy).hidden;
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  source.select?.();
  if (!navigator.clipboard) {
    if (!source.select) {
      getSelection().selectAllChildren(source);
    }
    return;
  }
  const text = button.textContent;
  await navigator.clipboard.writeText(source.value ?? source.textContent);
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = text;
  }, 2_000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    copy(button);
  }
});
offerCopies(document);

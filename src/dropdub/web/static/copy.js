// Copies what a button names. Where the browser allows that only over https, the text is selected, to be copied by hand.

/** Show the buttons for copying below an element: without scripts, they could do nothing. */
export function offerCopies(element) {
  for (const button of element.querySelectorAll("[data-copy]")) {
    button.hidden = false;
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) {
    getSelection().selectAllChildren(source);
    return;
  }
  const text = button.textContent;
  await navigator.clipboard.writeText(source.textContent);
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

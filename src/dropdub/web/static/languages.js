// Names languages in the language of the page: the server sends their tags, with English names.

const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language", fallback: "none" });

export function languageName(tag) {
  return names.of(tag) ?? tag;
}

/** Name and sort the options with a language in each list below an element that has `data-languages`. */
export function namedLanguages(element) {
  for (const list of element.querySelectorAll("select[data-languages]")) {
    const named = [...list.querySelectorAll("option[lang]")];
    for (const one of named) {
      one.textContent = names.of(one.lang) ?? one.textContent; // some browsers do not know all of them
      one.removeAttribute("lang");
    }
    const chosen = list.value;
    list.append(...named.sort((a, b) => a.textContent.localeCompare(b.textContent)));
    list.value = chosen;
  }
}

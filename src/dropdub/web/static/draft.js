// Keeps changes on the server, and in the browser until the server has them: they survive a reload, a closed tab and a
// server that is gone. A change of another tab is joined with those of this one.

import { merged, same } from "./changes.js";

const PAUSE_MS = 700; // after the last letter
const LONGEST_MS = 15_000; // between two tries
const TRIED_AGAIN = [401, 429]; // somebody may log in again, in another tab
const ABANDONED_MS = 3 * LONGEST_MS; // a tab that is open has written its entry again by then

export class Draft {
  /** `show(state, details)` says what becomes of it: saved, saving, failed, refused or disputed. */
  constructor(address, changes, show) {
    this.address = address;
    this.changes = changes;
    this.show = show;
    this.version = 0;
    this.base = { lines: [], speakers: {} };
    this.revision = null;
    this.isLoaded = false;
    this.timer = null;
    this.saving = null;
    this.tries = 0;
    this.prefix = `dropdub:${address}:`;
    this.key = this.prefix + tabNumber();
    addEventListener("pagehide", () => this.#keep(0));
    addEventListener("online", () => this.save());
  }

  /** Read what is kept. Resolves once the server has answered. */
  async load() {
    const [unsaved, sources] = this.#unsaved();
    if (unsaved) {
      this.changes.take(unsaved.content);
    }
    let answer = await ask(this.address);
    for (let tries = 1; !answer?.ok; tries += 1) {
      if (answer && answer.status < 500) {
        this.show("refused", await message(answer));
        return;
      }
      this.show("failed");
      await new Promise((done) => setTimeout(done, Math.min(1_000 * tries, LONGEST_MS)));
      answer = await ask(this.address);
    }
    const kept = await answer.json();
    this.base = unsaved?.base ?? this.base;
    this.isLoaded = true;
    this.#join(kept, this.changes.all);
    for (const source of sources) {
      if (source !== this.key) {
        attempt(() => localStorage.removeItem(source));
      }
    }
    if (same(this.changes.all, this.base)) {
      this.#saved();
    } else {
      this.changed();
    }
  }

  get isSaved() {
    return this.isLoaded && same(this.changes.all, this.base);
  }

  /** Save soon; until then, the browser has it. */
  changed() {
    this.#keep(Date.now());
    this.show("saving");
    this.#later(PAUSE_MS);
  }

  /** Save now. Resolves once that is done, or has failed. */
  save() {
    clearTimeout(this.timer);
    if (!this.isLoaded) {
      return Promise.resolve();
    }
    if (this.isSaved && !this.saving) {
      this.#saved(); // such as after undo and redo within a pause
      return Promise.resolve();
    }
    this.saving ??= this.#put().finally(() => {
      this.saving = null;
    });
    return this.saving;
  }

  async #put() {
    const sent = this.changes.all;
    const answer = await ask(this.address, "PUT", { version: this.version, ...sent });
    if (!answer || answer.status >= 500 || TRIED_AGAIN.includes(answer.status)) {
      this.tries += 1;
      this.show("failed");
      this.#keep(Date.now());
      this.#later(Math.min(1_000 * 2 ** this.tries, LONGEST_MS));
      return;
    }
    this.tries = 0;
    if (answer.status === 409) {
      const { draft } = await answer.json();
      this.#join(draft, this.changes.all);
      this.#keep(Date.now());
      this.#later(0);
    } else if (answer.ok) {
      const kept = await answer.json();
      this.version = kept.version;
      this.base = { lines: sent.lines, speakers: sent.speakers };
      if (this.isSaved) {
        this.#saved();
      } else {
        this.changed();
      }
    } else {
      this.show("refused", await message(answer));
    }
  }

  /** Continue from what the server has, with the changes of this tab. */
  #join(kept, mine) {
    const { content, disputed } = merged(this.base, mine, kept);
    this.version = kept.version;
    this.revision = kept.revision;
    this.base = { lines: kept.lines, speakers: kept.speakers };
    this.changes.take(content);
    if (disputed.length > 0) {
      this.changes.note(disputed);
      this.show("disputed", disputed);
    }
  }

  #saved() {
    attempt(() => localStorage.removeItem(this.key));
    this.show("saved");
  }

  #later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  /** Keep what is not saved in the browser. `at`: when; 0 if this tab is being left. */
  #keep(at) {
    if (this.isLoaded && this.isSaved && !this.saving) {
      attempt(() => localStorage.removeItem(this.key)); // what it has was undone since
      return;
    }
    const entry = { at, base: this.base, content: this.changes.all };
    attempt(() => localStorage.setItem(this.key, JSON.stringify(entry)));
  }

  /** Return what this tab, and tabs that are closed, could not save; and the names of these entries. */
  #unsaved() {
    const sources = attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(this.prefix))) ?? [];
    let found = null;
    const used = [];
    for (const key of sources) {
      const entry = attempt(() => JSON.parse(localStorage.getItem(key)));
      if (entry && (key === this.key || Date.now() - entry.at > ABANDONED_MS)) {
        found = found ? { ...found, content: merged(entry.base, entry.content, found.content).content } : entry;
        used.push(key);
      }
    }
    return [found, used];
  }
}

/** Ask the server; return the answer, or null if there is none. */
export async function ask(path, method = "GET", body = undefined, headers = {}) {
  try {
    return await fetch(path, {
      method,
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    return null;
  }
}

/** Return the sentence in which the server has refused something. */
export async function message(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return answer.statusText;
  }
}

function tabNumber() {
  const made = String(Math.random()).slice(2);
  return attempt(() => (sessionStorage.dropdubTab ??= made)) ?? made;
}

/** Return what a function returns; undefined if the browser lets this page store nothing. */
export function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

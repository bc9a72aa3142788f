// "Make 3 changed lines": a revision is made of the draft; the page stays, says how far it is, and offers the new version.

import { ask, message } from "./draft.js";
import { onEvent, onPoll } from "./live.js";

const UNFINISHED = ["claiming", "queued", "running", "waiting"];

export class Making {
  constructor({ job, target, texts, changes, draft }) {
    Object.assign(this, { job, target, texts, changes, draft });
    this.button = document.getElementById("make");
    this.said = document.getElementById("made");
    this.isAsking = false;
    this.made = null; // the number of the job that makes it
    this.key = null;
    this.button.addEventListener("click", () => this.#make());
    onEvent("job", (job) => job.id === this.made && this.#report(job));
    onEvent("progress", (job) => job.id === this.made && this.#report({ ...job, state: "running" }));
    onPoll(() => this.#read());
  }

  /** Show what can be made now. */
  show() {
    const [lines, names] = [this.changes.texts.size, this.changes.names.size];
    const { revision, version, isSaved } = this.draft;
    const isMade = isSaved && revision?.version === version;
    this.button.disabled = this.isAsking || this.changes.count === 0 || isMade;
    this.button.textContent = this.#worded(lines, names);
  }

  /** Say what has become of the revision that was asked for before the page was loaded. */
  resume() {
    this.made = this.changes.count > 0 ? (this.draft.revision?.job ?? null) : null;
    this.show();
    return this.#read();
  }

  async #make() {
    this.isAsking = true;
    this.made = null;
    this.said.hidden = true;
    this.said.replaceChildren();
    this.show();
    await this.draft.save();
    this.key ??= `${this.job}-${Math.random()}`; // until it is answered, a second click repeats the first
    const body = { ...this.changes.content, target: this.target || null };
    const answer = await ask(`/v1/jobs/${this.job}/revisions`, "POST", body, { "Idempotency-Key": this.key });
    this.isAsking = false;
    if (answer) {
      this.key = null;
    }
    if (answer?.ok) {
      const job = await answer.json();
      this.made = job.id;
      this.draft.revision = { job: job.id, version: this.draft.version };
      this.#report(job);
    } else {
      const reason = answer ? await message(answer) : this.texts.noAnswer;
      this.#say(this.texts.refusedMake.replace("{reason}", reason), true);
    }
    this.show();
  }

  async #read() {
    const answer = this.made === null ? null : await ask(`/v1/jobs/${this.made}`);
    if (answer?.ok) {
      this.#report((await answer.json()).job);
    }
  }

  #report(job) {
    const { texts } = this;
    if (job.state === "succeeded") {
      this.#say(texts.made, false, texts.open, `/jobs/${job.dup_of ?? job.id}${this.#query()}`);
    } else if (job.state === "running") {
      const share = `${Math.floor(100 * job.progress)} %`;
      this.#say(texts.making.replace("{job}", job.id).replace("{share}", share));
    } else if (UNFINISHED.includes(job.state)) {
      this.#say(texts.waiting.replace("{job}", job.id).replace("{state}", job.reason ?? "…"));
    } else {
      const reason = job.reason ?? job.state;
      this.#say(texts.notMade.replace("{reason}", reason), true, texts.look.replace("{job}", job.id), `/jobs/${job.id}`);
    }
  }

  #query() {
    return this.target ? `?target=${this.target}` : "";
  }

  #say(text, isBad = false, link = null, path = null) {
    this.said.className = isBad ? "bad" : "note";
    this.said.replaceChildren(text);
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = path;
      anchor.textContent = link;
      this.said.append(" ", anchor);
    }
    this.said.hidden = false;
  }

  #worded(lines, names) {
    const { texts } = this;
    if (lines && names) {
      return texts.makeBoth.replace("{count}", lines + names);
    }
    if (names) {
      return names === 1 ? texts.makeName : texts.makeNames.replace("{count}", names);
    }
    return lines ? (lines === 1 ? texts.makeOne : texts.makeMany.replace("{count}", lines)) : texts.makeNone;
  }
}

// Sends a recording while it grows, by tus 1.0: nothing is forgotten before the server has it on its disk.

import { ask } from "./asking.js";
import { Unsent } from "./unsent.js";

const RETRY_MS = 1_000;
const MOST_BYTES = 4_000_000; // in one request, after a long interruption
const TUS = { "Tus-Resumable": "1.0.0" };

/** The sound of one recording. `onState` gets how many bytes wait, and why they do, if something prevents sending. */
export class GrowingUpload {
  constructor({ id, path, offset, onState }) {
    Object.assign(this, { id, path, onState, isClosed: false, problem: null, running: null });
    this.acknowledged = offset;
    this.end = offset;
    this.parts = [];
    this.unsent = new Unsent();
  }

  /** Take what an earlier page has recorded and not sent. */
  async restore() {
    for (const [offset, sound] of await this.unsent.of(this.id)) {
      if (offset <= this.end && offset + sound.byteLength > this.end) {
        this.parts.push({ offset, sound });
        this.end = offset + sound.byteLength;
      }
    }
    this.send();
  }

  add(sound) {
    this.unsent.keep(this.id, this.end, sound).catch(() => {});
    this.parts.push({ offset: this.end, sound });
    this.end += sound.byteLength;
    this.send();
  }

  get waiting() {
    return this.end - this.acknowledged;
  }

  /** Send what waits. The promise is kept once the server has everything. */
  send() {
    this.running ??= this.sending().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  async sending() {
    while (this.parts.length > 0 && !this.isClosed) {
      try {
        await this.sendOnce();
        this.problem = null;
      } catch (error) {
        this.problem = error;
        this.onState(this);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        await this.synchronise().catch(() => {});
      }
      this.onState(this);
    }
  }

  async sendOnce() {
    const headers = { ...TUS, "Upload-Offset": this.acknowledged, "Content-Type": "application/offset+octet-stream" };
    const known = this.acknowledged - this.parts[0].offset; // if a request was cut off within a part
    const body = new Blob(this.parts.map((part) => part.sound)).slice(known, known + MOST_BYTES);
    this.reached(await ask(this.path, { method: "PATCH", headers, body }));
  }

  async synchronise() {
    this.reached(await ask(this.path, { method: "HEAD", headers: TUS }));
  }

  /** Forget what the server has. */
  reached(answer) {
    this.acknowledged = Math.min(Number(answer.headers.get("Upload-Offset")), this.end);
    while (this.parts.length > 0 && this.parts[0].offset + this.parts[0].sound.byteLength <= this.acknowledged) {
      this.parts.shift();
    }
    this.unsent.forget(this.id, this.parts[0]?.offset ?? this.end).catch(() => {});
  }

  close() {
    this.isClosed = true;
    return this.unsent.forget(this.id).catch(() => {});
  }
}

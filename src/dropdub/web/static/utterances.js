// Cuts what the microphone hears into utterances: what is said while a button is held, or between two pauses.

const RATE = 16_000;
const KEPT_MS = 300; // of the sound before somebody has pressed the button, or was loud enough
const QUIET_MS = 800; // such a pause ends an utterance
const SHORTEST_MS = 250; // a button that is pressed shorter was only touched
const SHORTEST_FREE_MS = 100; // from the first to the last loud sound: "no" is short, too
const LONGEST_MS = 55_000;
const LOUD = 0.02; // of the largest amplitude; a voice in front of a microphone is louder
const ABOVE_NOISE = 3;
const SETTLING = 0.05; // how fast the level of the noise follows

/** `onUtterance` gets a Blob of samples and when it ended, in ms of this machine's clock. */
export class Utterances {
  constructor({ onUtterance, onChange }) {
    Object.assign(this, { onUtterance, onChange, isFree: false, isMuted: false, isEnding: false });
    this.parts = [];
    this.began = null;
    this.lastLoud = 0;
    this.noise = 0.005;
    this.turn = Promise.resolve();
  }

  get isOpen() {
    return this.began !== null;
  }

  get length() {
    return this.parts.reduce((sum, part) => sum + part.byteLength, 0);
  }

  /** Sound from the microphone. Before an utterance, only its last moment is kept. */
  add(sound) {
    this.parts.push(sound);
    if (!this.isOpen) {
      this.forget();
    } else if (performance.now() - this.began > LONGEST_MS && !this.isEnding) {
      this.cut();
    }
  }

  forget() {
    const kept = (RATE * 2 * KEPT_MS) / 1000;
    while (this.parts.length > 1 && this.length - this.parts[0].byteLength >= kept) {
      this.parts.shift();
    }
    if (this.length > kept) {
      this.parts[0] = this.parts[0].slice(this.length - kept);
    }
  }

  /** The peak of the last moment: without a button, it says where an utterance begins and ends. */
  level(peak) {
    if (!this.isFree || this.isMuted) {
      return;
    }
    const isLoud = peak > Math.max(LOUD, this.noise * ABOVE_NOISE);
    const now = performance.now();
    if (isLoud) {
      this.lastLoud = now;
      if (!this.isOpen) {
        this.begin();
      }
    } else {
      this.noise += (peak - this.noise) * SETTLING;
      if (this.isOpen && now - this.lastLoud > QUIET_MS) {
        this.end(this.lastLoud);
      }
    }
  }

  begin() {
    this.began = performance.now();
    this.onChange();
  }

  /** End an utterance that was ended at a moment of `performance.now()`, and pass it on. Returns whether there is one. */
  async end(at = performance.now()) {
    if (!this.isOpen || this.isEnding) {
      return false;
    }
    this.isEnding = true;
    const lasted = at - this.began;
    await this.microphone.flush();
    const parts = this.parts;
    this.isEnding = false;
    this.drop();
    if (lasted < (this.isFree ? SHORTEST_FREE_MS : SHORTEST_MS)) {
      return false;
    }
    // `performance.timeOrigin` would be wrong after this machine has slept or its clock was set.
    this.onUtterance(new Blob(parts), Date.now() - (performance.now() - at));
    return true;
  }

  /** Pass on what is too long for one utterance, and continue. */
  async cut() {
    if (await this.end()) {
      this.begin();
    }
  }

  /** Forget what is being said. */
  drop() {
    this.began = null;
    this.parts = [];
    this.onChange();
  }
}

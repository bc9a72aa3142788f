// Plays utterances one after the other, each while it is still being spoken, and notes when its first sound is heard.

const RATE = 24_000; // of the server's format pcm
const AHEAD_S = 0.03;
const AUDIBLE = 0.01;

export class InterpretedSound {
  /** `onFirst` gets an utterance and when its first sound is heard, in ms of this machine's clock. */
  constructor({ onFirst, onChange }) {
    Object.assign(this, { onFirst, onChange, context: new AudioContext(), free: 0, last: Promise.resolve(), waiting: 0 });
  }

  /** Browsers let a page sound only after somebody has clicked or pressed a key. */
  allow() {
    return this.context.resume();
  }

  get isPlaying() {
    return this.waiting > 0 || this.context.currentTime < this.free;
  }

  play(said) {
    this.waiting += 1;
    this.last = this.last.then(() => this.playing(said)).catch(() => {}).finally(() => {
      this.waiting -= 1;
      const left = Math.max(this.free - this.context.currentTime, 0);
      setTimeout(() => this.onChange(), left * 1000 + 50);
    });
    this.onChange();
    return this.last;
  }

  async playing(said) {
    const answer = await fetch(`${said.audio_url}?format=pcm`);
    if (!answer.ok) {
      throw new Error(answer.statusText);
    }
    let rest = new Uint8Array();
    let isFirst = true;
    for await (const chunk of chunksOf(answer.body)) {
      const joined = new Uint8Array(rest.length + chunk.length);
      joined.set(rest);
      joined.set(chunk, rest.length);
      const whole = joined.length - (joined.length % 2);
      rest = joined.slice(whole);
      if (whole > 0) {
        const samples = samplesOf(joined.buffer.slice(0, whole));
        const begins = this.schedule(samples);
        const audible = samples.findIndex((sample) => Math.abs(sample) > AUDIBLE);
        if (isFirst && audible >= 0) {
          isFirst = false;
          this.onFirst(said, Date.now() + (begins + audible / RATE - this.context.currentTime + this.delay) * 1000);
        }
      }
    }
  }

  /** What the machine adds between this page and the loudspeaker, in seconds, as far as the browser knows. */
  get delay() {
    return this.context.outputLatency || this.context.baseLatency || 0;
  }

  schedule(samples) {
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    const begins = Math.max(this.context.currentTime + AHEAD_S, this.free);
    source.start(begins);
    this.free = begins + buffer.duration;
    return begins;
  }
}

async function* chunksOf(body) {
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    yield part.value;
  }
}

function samplesOf(buffer) {
  return Float32Array.from(new Int16Array(buffer), (sample) => sample / 32_768);
}

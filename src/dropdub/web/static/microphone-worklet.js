// Runs in the audio thread: reduces what the microphone hears to 16 kHz, 16 bits, mono, and measures its level.

const RATE = 16_000;
const PART = RATE / 2; // samples that are passed on at once
const LEVEL_FRAMES = 20; // of 128 samples
const TAPS = 16; // samples at 16 kHz on each side of a sample that influence it
const STEPS = 256; // entries of the filter's table for each incoming sample
const PASSED = 0.92; // of the frequencies that 16 kHz can hold: the rest is where the filter falls

/** A windowed sinc, as a table: what remains of an incoming sample at a distance from an outgoing one. */
function filterFor(step) {
  const reach = Math.ceil(TAPS * Math.max(step, 1));
  const cutoff = PASSED * Math.min(1, 1 / step);
  const table = new Float32Array(2 * reach * STEPS + 1);
  for (let index = 0; index < table.length; index += 1) {
    const distance = index / STEPS - reach;
    const angle = Math.PI * distance * cutoff;
    const sinc = distance === 0 ? 1 : Math.sin(angle) / angle;
    table[index] = cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
  }
  return { reach, table };
}

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    this.filter = filterFor(this.step);
    this.kept = new Float32Array(2 * this.filter.reach); // silence before the first sample
    this.position = this.filter.reach;
    this.part = new Int16Array(PART);
    this.filled = 0;
    this.peak = 0;
    this.frames = 0;
    this.isEnded = false;
    this.port.onmessage = ({ data }) => {
      this.pass();
      this.isEnded = data === "end";
      this.port.postMessage({ passed: true });
    };
  }

  process([input]) {
    if (this.isEnded) {
      return false;
    }
    if (input.length > 0) {
      this.add(mixed(input));
    }
    return true;
  }

  add(samples) {
    const joined = new Float32Array(this.kept.length + samples.length);
    joined.set(this.kept);
    joined.set(samples, this.kept.length);
    const { reach, table } = this.filter;
    while (this.position + reach < joined.length) {
      this.write(this.sampleAt(joined, reach, table));
      this.position += this.step;
    }
    const done = Math.floor(this.position) - reach;
    this.kept = joined.subarray(done);
    this.position -= done;
    this.measure(samples);
  }

  sampleAt(joined, reach, table) {
    const first = Math.ceil(this.position - reach);
    const last = Math.floor(this.position + reach);
    let sum = 0;
    for (let index = first; index <= last; index += 1) {
      sum += joined[index] * table[Math.round((index - this.position + reach) * STEPS)];
    }
    return sum;
  }

  write(sample) {
    this.part[this.filled] = Math.max(-1, Math.min(1, sample)) * 32_767;
    this.filled += 1;
    if (this.filled === PART) {
      this.pass();
    }
  }

  pass() {
    const sound = this.part.slice(0, this.filled).buffer;
    this.filled = 0;
    if (sound.byteLength > 0) {
      this.port.postMessage({ sound }, [sound]);
    }
  }

  measure(samples) {
    for (const sample of samples) {
      this.peak = Math.max(this.peak, Math.abs(sample));
    }
    this.frames += 1;
    if (this.frames >= LEVEL_FRAMES) {
      this.port.postMessage({ level: this.peak });
      this.peak = 0;
      this.frames = 0;
    }
  }
}

function mixed(channels) {
  if (channels.length === 1) {
    return channels[0];
  }
  return channels[0].map((_, index) => channels.reduce((sum, one) => sum + one[index], 0) / channels.length);
}

registerProcessor("microphone", Microphone);

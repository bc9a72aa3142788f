// The microphone as 16 kHz, 16 bits, mono, in parts of half a second. The browser asks for permission when it is opened.

/** Return whether this page may use a microphone at all: browsers refuse it to pages that come over plain http. */
export function hasMicrophone() {
  return Boolean(navigator.mediaDevices?.getUserMedia) && "AudioWorkletNode" in window;
}

/**
 * Open the microphone. `onSound` gets an ArrayBuffer of samples, `onLevel` the peak since the last call, 0 to 1, and
 * `onLost` is called if it is unplugged. Returns what pauses it, continues, passes on all sound until now, and closes it
 * after that.
 */
export async function openMicrophone(worklet, { onSound, onLevel, onLost }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule(worklet);
  } catch (error) {
    stop(stream);
    throw error;
  }
  const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  const waiting = [];
  node.port.onmessage = ({ data }) => {
    if (data.sound) {
      onSound(data.sound);
    } else if (data.passed) {
      waiting.shift()();
    } else {
      onLevel(data.level);
    }
  };
  const passed = (order) => new Promise((resolve) => {
    waiting.push(resolve);
    node.port.postMessage(order);
  });
  context.createMediaStreamSource(stream).connect(node);
  stream.getAudioTracks()[0].addEventListener("ended", onLost);
  return {
    pause: () => context.suspend(),
    resume: () => context.resume(),
    flush: () => passed("flush"),
    close: async () => {
      await passed("end");
      stop(stream);
      await context.close();
    },
  };
}

function stop(stream) {
  for (const track of stream.getTracks()) {
    track.stop();
  }
}

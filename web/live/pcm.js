/** Samples in a message: 43 ms at 48 kHz. */
const LENGTH = 2048;

/** Passes on the microphone as 16-bit samples, little-endian as on every machine with a browser. */
class Pcm extends AudioWorkletProcessor {
  #samples = new Int16Array(LENGTH);
  #count = 0;

  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.#samples[this.#count++] = Math.max(-1, Math.min(1, sample)) * 32_767;
      if (this.#count === LENGTH) {
        this.port.postMessage(this.#samples.buffer, [this.#samples.buffer]);
        this.#samples = new Int16Array(LENGTH);
        this.#count = 0;
      }
    }
    return true;
  }
}

registerProcessor('pcm', Pcm);

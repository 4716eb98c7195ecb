/** Samples in a message: 43 ms at 48 kHz. */
const LENGTH = 2048;

/** Hands the microphone on as 16-bit samples, in the order of bytes that every browser's machine has. */
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

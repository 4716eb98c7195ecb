/** Hz: the rate of the model, and therefore of what is shown and played. */
export const SAMPLE_RATE = 16_000;

/**
 * Returns the samples of a recording, mono at 16 kHz.
 *
 * @throws when this browser cannot decode it
 */
export async function decode(file) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const sound = await context.decodeAudioData(await file.arrayBuffer());
  const samples = sound.getChannelData(0);
  const channels = sound.numberOfChannels;
  for (let channel = 1; channel < channels; channel++) {
    const other = sound.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) samples[i] += other[i];
  }
  if (channels > 1) for (let i = 0; i < samples.length; i++) samples[i] /= channels;
  return samples;
}

/** Returns the largest absolute sample of each of `count` equal parts, scaled so that the largest is 1. */
export function peaksOf(samples, count) {
  const peaks = new Float32Array(count);
  for (let part = 0; part < count; part++) {
    const end = Math.floor(((part + 1) * samples.length) / count);
    for (let i = Math.floor((part * samples.length) / count); i < end; i++) {
      const level = Math.abs(samples[i]);
      if (level > peaks[part]) peaks[part] = level;
    }
  }
  const most = Math.max(...peaks);
  return most > 0 ? peaks.map((peak) => peak / most) : peaks;
}

/** Returns samples as a 16-bit WAV file, which every browser can play and seek exactly. */
export function wav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const ascii = (at, text) => {
    for (let i = 0; i < text.length; i++) bytes.setUint8(at + i, text.charCodeAt(i));
  };
  ascii(0, 'RIFF');
  bytes.setUint32(4, 36 + 2 * samples.length, true);
  ascii(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, SAMPLE_RATE, true);
  bytes.setUint32(28, 2 * SAMPLE_RATE, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  ascii(36, 'data');
  bytes.setUint32(40, 2 * samples.length, true);
  // WAV is little-endian, as is every machine with a browser.
  const integers = new Int16Array(bytes.buffer, 44);
  for (let i = 0; i < samples.length; i++) {
    integers[i] = Math.max(-1, Math.min(1, samples[i])) * 32_767;
  }
  return new Blob([bytes], { type: 'audio/wav' });
}

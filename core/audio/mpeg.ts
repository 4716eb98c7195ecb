/** A frame of MPEG audio, with its length in bytes, behind which the next one starts. */
interface AdtsFrame {
  readonly name: 'aac';
  readonly demuxer: 'aac';
  readonly length: number;
}

/** A frame of layer I, II or III (ISO/IEC 11172-3, 13818-3). */
export interface Mp3Frame {
  readonly name: 'mp3';
  readonly demuxer: 'mp3';
  /** Where the bitrate is free, which is not known: 0 or 1. */
  readonly length: number;
  readonly layer: number;
  readonly isMpeg1: boolean;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  readonly hasChecksum: boolean;
  /** Samples of each channel. */
  readonly samples: number;
}

/** Returns the frame of MP3 or AAC (ADTS) whose header these bytes begin with. */
export function mpegFrame(bytes: Uint8Array): AdtsFrame | Mp3Frame | undefined {
  if (bytes.length < 6 || bytes[0] !== 0xff) return undefined;
  // ADTS: twelve sync bits, then layer bits that are always zero (ISO/IEC 13818-7).
  if ((bytes[1] & 0xf6) === 0xf0) {
    const length = ((bytes[3] & 3) << 11) | (bytes[4] << 3) | (bytes[5] >> 5);
    return { name: 'aac', demuxer: 'aac', length };
  }
  const version = (bytes[1] >> 3) & 3; // 0: MPEG 2.5, 1: reserved, 2: MPEG 2, 3: MPEG 1
  const layer = 4 - ((bytes[1] >> 1) & 3); // 4: reserved
  const bitrate = bytes[2] >> 4;
  const rate = (bytes[2] >> 2) & 3; // 3: reserved
  if ((bytes[1] & 0xe0) !== 0xe0 || version === 1 || layer === 4) return undefined;
  if (bitrate === 15 || rate === 3) return undefined;
  const kilobits = BITRATES[version === 3 ? layer - 1 : layer === 1 ? 3 : 4][bitrate];
  const hertz = [44_100, 48_000, 32_000][rate] / [4, 1, 2, 1][version];
  const samples = layer === 1 ? 384 : layer === 3 && version !== 3 ? 576 : 1152;
  const slot = layer === 1 ? 4 : 1;
  const padding = (bytes[2] >> 1) & 1;
  const slots = Math.floor((samples * kilobits * 1000) / 8 / hertz / slot) + padding;
  return {
    ...{ name: 'mp3', demuxer: 'mp3', length: slots * slot, layer, samples, sampleRate: hertz },
    isMpeg1: version === 3,
    channels: bytes[3] >> 6 === 3 ? 1 : 2,
    hasChecksum: (bytes[1] & 1) === 0,
  };
}

/** Kilobits a second by index (ISO/IEC 11172-3, 13818-3): layers I to III of MPEG 1, I and II/III of MPEG 2. */
const BITRATES = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/** MPEG audio: a frame, and behind it another one of its kind unless the file ends before. */
export function mpegAudio(bytes: Uint8Array): ReturnType<typeof mpegFrame> {
  const frame = mpegFrame(bytes);
  if (!frame) return undefined;
  // A bitrate of 0 means any, and the length is not known. Only layer III is written so; what looks like
  // another layer is padding, or text in UTF-16.
  if (frame.length < 7 || frame.length + 6 > bytes.length) {
    return (bytes[1] & 6) === 6 ? undefined : frame;
  }
  return mpegFrame(bytes.subarray(frame.length))?.name === frame.name ? frame : undefined;
}

/** Finds frames that begin within so many bytes; three in a row are none by chance. */
export function mpegStream(bytes: Uint8Array, within: number) {
  const end = Math.min(bytes.length, within);
  for (let start = 0; start < end; start++) {
    if (bytes[start] !== 0xff) continue;
    const frame = mpegAudio(bytes.subarray(start));
    const isFollowed = frame && frame.length >= 7 && start + 2 * frame.length + 6 <= bytes.length;
    if (!isFollowed || !mpegAudio(bytes.subarray(start + frame.length))) continue;
    return { name: frame.name, demuxer: frame.demuxer, start };
  }
  return undefined;
}

import { describe, expect, test } from 'vitest';
import { Chroma } from '../../../core/features/chroma.ts';
import { SpectralContrast } from '../../../core/features/contrast.ts';
import { clipToTopDb, powerToDb } from '../../../core/features/decibel.ts';
import { dot } from '../../../core/features/dot.ts';
import { FrameExtractor } from '../../../core/features/extract.ts';
import { RealFft } from '../../../core/features/fft.ts';
import { FrameAnalyzer, frameCount, hannWindow } from '../../../core/features/frames.ts';
import { hzToMel, LogMel, MelFilterBank, melToHz } from '../../../core/features/mel.ts';
import { Mfcc } from '../../../core/features/mfcc.ts';
import { PitchTracker } from '../../../core/features/pitch.ts';
import { createRandom } from '../../../training/random.ts';
import { voiceLike } from '../../fixtures/audio.ts';

const random = createRandom(11);
const drawn = (length: number) => Float64Array.from({ length }, () => 2 * random.uniform() - 1);

/** |X(k)|² for k = 0 … N/2, as it is defined. */
function powerOf(signal: ArrayLike<number>): number[] {
  const { length } = signal;
  return Array.from({ length: length / 2 + 1 }, (_, k) => {
    let re = 0;
    let im = 0;
    for (let n = 0; n < length; n++) {
      re += signal[n] * Math.cos((2 * Math.PI * k * n) / length);
      im += signal[n] * Math.sin((2 * Math.PI * k * n) / length);
    }
    return re ** 2 + im ** 2;
  });
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    expect(difference, `at ${i}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i])),
    );
  }
}

describe('the Fourier transform', () => {
  test.each([4, 8, 16, 32, 64, 128, 256])('of %i samples is what it is defined as', (size) => {
    const fft = new RealFft(size);
    expect(fft.size).toBe(size);
    for (const signal of [drawn(size), drawn(size)]) {
      const power = new Float64Array(size / 2 + 1);
      fft.powerSpectrum(signal, power);
      expectClose(power, powerOf(signal));
      const correlation = new Float64Array(size / 2 + 1);
      fft.autocorrelation(power, correlation);
      const circular = Array.from(correlation, (_, lag) =>
        signal.reduce((sum, value, n) => sum + value * signal[(n + lag) % size], 0),
      );
      expectClose(
        correlation.map((value) => value / size),
        circular,
      );
    }
  });

  test('has a size that is a power of two from 4 to 65,536', () => {
    expect(new RealFft(65_536).size).toBe(65_536);
    for (const size of [0, 1, 2, 3, 6, 100, 131_072, Number.NaN]) {
      expect(() => new RealFft(size)).toThrow(
        new RangeError(`FFT size ${size} is not a power of two from 4 to 65536`),
      );
    }
  });
});

test.each([0, 1, 2, 3, 4, 5, 7, 8, 13])('a dot product is the sum of %i products', (length) => {
  const [weights, values] = [drawn(20), drawn(20)];
  let sum = 0;
  for (let i = 0; i < length; i++) sum += weights[3 + i] * values[5 + i];
  expect(dot(weights, 3, values, 5, length)).toBeCloseTo(sum, 12);
});

describe('frames', () => {
  test('lie at every multiple of the hop', () => {
    expect([0, 15, 16, 31, 32].map((length) => frameCount(length, 16))).toEqual([1, 1, 2, 2, 3]);
  });

  test.each([
    [64, 64, 0],
    [64, 40, 12],
    [64, 41, 11],
  ])('of %i samples have a window of %i, from %i on', (nFft, winLength, left) => {
    const window = Array.from({ length: nFft }, (_, n) =>
      n < left || n >= left + winLength ? 0 : Math.sin((Math.PI * (n - left)) / winLength) ** 2,
    );
    expectClose(hannWindow(winLength, nFft), window);
    const samples = Float32Array.from(drawn(150));
    const analyzer = new FrameAnalyzer({
      ...{ nFft, hopLength: 16 },
      ...(winLength === nFft ? {} : { winLength }),
    });
    expect(analyzer.bins).toBe(nFft / 2 + 1);
    // In the middle, then over both ends, where there are zeros.
    for (const index of [4, 0, 1, 9, 13, 4]) {
      const frame = window.map((weight, n) => weight * (samples[index * 16 - nFft / 2 + n] ?? 0));
      expectClose(analyzer.power(samples, index), powerOf(frame));
    }
  });
});

describe('the mel scale of Slaney', () => {
  test.each([
    [0, 0],
    [200, 3],
    [1000, 15],
    [6400, 42],
  ])('%i Hz are %i mel', (hz, mel) => {
    expect(hzToMel(hz)).toBeCloseTo(mel, 9);
    expect(melToHz(mel)).toBeCloseTo(hz, 9);
  });

  test.each([
    ['', { sampleRate: 16_000, nFft: 512, bands: 20, fmin: 50, fmax: 7600 }],
    [
      ', some of which hold no bin,',
      { sampleRate: 8000, nFft: 64, bands: 30, fmin: 0, fmax: 4000 },
    ],
  ])('its bands%s are triangles of one area', (_, config) => {
    const { sampleRate, nFft, bands, fmin, fmax } = config;
    const power = drawn(nFft / 2 + 1).map((value) => value ** 2);
    const edge = (i: number) =>
      melToHz(hzToMel(fmin) + (i * (hzToMel(fmax) - hzToMel(fmin))) / (bands + 1));
    const expected = Array.from({ length: bands }, (_, band) => {
      const [left, centre, right] = [edge(band), edge(band + 1), edge(band + 2)];
      return power.reduce((sum, value, bin) => {
        const hz = (bin * sampleRate) / nFft;
        const side = hz < centre ? (hz - left) / (centre - left) : (right - hz) / (right - centre);
        return sum + (2 / (right - left)) * Math.max(0, side) * value;
      }, 0);
    });
    const bank = new MelFilterBank(config);
    expect(bank.bands).toBe(bands);
    const energies = new Float64Array(bands);
    bank.apply(power, energies);
    expectClose(energies, expected);
    const logMel = new LogMel(config);
    expect(logMel.bands).toBe(bands);
    const decibels = new Float64Array(bands + 3).fill(7);
    logMel.compute(power, decibels, 2);
    expectClose(decibels.subarray(2, -1), expected.map(powerToDb));
    expect([decibels[0], decibels[1], decibels.at(-1)]).toEqual([7, 7, 7]);
  });
});

describe('decibels', () => {
  test('end at those of 1e-10', () => {
    const levels = [1, 100, 1e-10, 1e-11, 0].map(powerToDb);
    for (const [i, level] of [0, 20, -100, -100, -100].entries()) {
      expect(levels[i]).toBeCloseTo(level, 10);
    }
  });

  test('are raised to so many below the largest', () => {
    const levels = Float32Array.of(-90, -10, -30, -30.5, -40);
    clipToTopDb(levels, 20);
    expect([...levels]).toEqual([-30, -10, -30, -30, -30]);
  });
});

describe('the cepstrum', () => {
  test('is the orthonormal cosine transform', () => {
    const [bands, coefficients] = [10, 7];
    const levels = drawn(bands);
    const mfcc = new Mfcc({ bands, coefficients });
    expect(mfcc.coefficients).toBe(coefficients);
    const out = new Float64Array(coefficients + 2).fill(7);
    mfcc.compute(levels, out, 1);
    const expected = Array.from({ length: coefficients }, (_, k) => {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / bands);
      return levels.reduce(
        (sum, level, n) => sum + scale * level * Math.cos((Math.PI * k * (n + 0.5)) / bands),
        0,
      );
    });
    expectClose(out, [7, ...expected, 7]);
  });

  test('needs an even number of bands', () => {
    expect(() => new Mfcc({ bands: 9, coefficients: 4 })).toThrow(
      new RangeError('9 mel bands: the number must be even'),
    );
  });
});

describe('spectral contrast', () => {
  test('is made of the mean of the extremes of each octave', () => {
    const magnitude = drawn(513).map(Math.abs);
    const [peaks, valleys] = [new Float64Array(9).fill(7), new Float64Array(9).fill(7)];
    new SpectralContrast({ sampleRate: 16_000, nFft: 1024 }).compute(magnitude, peaks, valleys, 1);
    // Of each band but the last, which reaches to the end, the last bin belongs to the next.
    const bands = [
      [0, 12, 1],
      [12, 25, 1],
      [25, 51, 1],
      [51, 102, 1],
      [102, 204, 2],
      [204, 409, 4],
      [409, 513, 2],
    ];
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    const extremes = bands.map(([from, to, count]) => {
      const sorted = magnitude.slice(from, to).sort();
      return [mean(sorted.slice(-count)), mean(sorted.slice(0, count))].map(powerToDb);
    });
    expectClose(peaks, [7, ...extremes.map(([peak]) => peak), 7]);
    expectClose(valleys, [7, ...extremes.map(([, valley]) => valley), 7]);
  });

  test('is nothing where all bins are the same', () => {
    const [peaks, valleys] = [new Float64Array(7), new Float64Array(7)];
    const magnitude = new Float64Array(129).fill(10);
    new SpectralContrast({ sampleRate: 16_000, nFft: 256 }).compute(magnitude, peaks, valleys);
    expectClose(peaks, new Float64Array(7).fill(10));
    expectClose(valleys, new Float64Array(7).fill(10));
  });

  test('needs a band above 6,400 Hz', () => {
    const nFft = 1024;
    expect(() => new SpectralContrast({ sampleRate: 12_800, nFft })).toThrow(
      new RangeError('spectral contrast needs more than 12800 samples a second'),
    );
    expect(() => new SpectralContrast({ sampleRate: 12_801, nFft })).not.toThrow();
  });
});

describe('pitch classes', () => {
  const chroma = new Chroma({ sampleRate: 16_000, nFft: 4096 });
  const spectrumOf = (hz: number) => {
    const power = new Float64Array(2049);
    power[Math.round((hz * 4096) / 16_000)] = 3;
    return power;
  };

  test.each(Array.from({ length: 12 }, (_, c) => c))('begin with C: %i', (c) => {
    for (const octave of [-1, 0, 1]) {
      const out = new Float64Array(14).fill(7);
      chroma.compute(spectrumOf(440 * 2 ** ((c - 9) / 12 + octave)), out, 1);
      expect(out[1 + c]).toBe(1);
      expect(Math.max(...out.filter((_, i) => i !== 1 + c && i > 0 && i < 13))).toBeLessThan(0.9);
      expect([out[0], out[13]]).toEqual([7, 7]);
    }
  });

  test('are all zero in silence', () => {
    const out = new Float64Array(12).fill(7);
    chroma.compute(new Float64Array(2049), out);
    expect([...out]).toEqual(new Array(12).fill(0));
  });
});

describe('an extractor', () => {
  const config = {
    ...{ sampleRate: 16_000, framing: { nFft: 1024, hopLength: 320 }, melBands: 40, mfccs: 13 },
    ...{ noiseVariance: 0, topDb: null },
  };
  const voice = voiceLike({ seconds: 0.4 });
  const NAMES = [
    'mfcc',
    'chroma',
    'contrast',
    'centroid',
    'level',
    'pitch',
    'periodicity',
  ] as const;

  test('describes a part as it describes the whole', () => {
    const extractor = new FrameExtractor(config);
    const whole = extractor.extract(voice);
    expect(whole.frames).toBe(21);
    const part = extractor.extract(voice, { from: 5, to: 9 });
    expect(part.frames).toBe(4);
    for (const name of NAMES) {
      const width = whole[name].length / whole.frames;
      expect(part[name]).toEqual(whole[name].subarray(5 * width, 9 * width));
    }
  });

  test('multiplies samples by a gain', () => {
    const extractor = new FrameExtractor(config);
    const louder = extractor.extract(
      voice.map((value) => 4 * value),
      { from: 3, to: 9 },
    );
    const gained = extractor.extract(voice, { from: 3, to: 9, gain: 4 });
    for (const name of NAMES) expectClose(gained[name], louder[name], 1e-5);
  });

  test('adds noise of a variance to every bin', () => {
    const { level, centroid, contrast } = new FrameExtractor({
      ...config,
      noiseVariance: 1e-3,
    }).extract(new Float32Array(640));
    // The squares of a Hann window of 1,024 samples have the sum 384.
    expectClose(level, new Array(3).fill(10 * Math.log10(513 * 384 * 1e-3)), 1e-6);
    expectClose(centroid, new Array(3).fill(4000), 1e-6);
    expectClose(contrast, new Array(21).fill(0), 1e-6);
  });

  test('describes silence in finite numbers', () => {
    const { level, centroid, mfcc } = new FrameExtractor(config).extract(new Float32Array(640));
    expect([...centroid]).toEqual([0, 0, 0]);
    for (const value of level) expect(value).toBeLessThan(-3000);
    expect(mfcc.every(Number.isFinite)).toBe(true);
  });

  test('raises levels to some decibels below the loudest, where it is told to', () => {
    const quiet = voice.map((value, n) => (n < 3200 ? value / 1e4 : value));
    const all = [null, 30].map((topDb) => new FrameExtractor({ ...config, topDb }).extract(quiet));
    const first = all.map(({ mfcc }) => mfcc[13 * 3]);
    expect(first[1] - first[0]).toBeGreaterThan(100);
    for (const value of all[1].contrast) expect(value).toBeLessThanOrEqual(30);
    expect(Math.max(...all[0].contrast)).toBeGreaterThan(30);
  });
});

describe('the pitch', () => {
  /** The pitch of harmonics at a sample rate, in frames of about 64 ms. */
  function pitchOf(rate: number, harmonics: readonly (readonly [hz: number, share: number])[]) {
    const nFft = 2 ** Math.round(Math.log2(0.064 * rate));
    const analyzer = new FrameAnalyzer({ nFft, hopLength: nFft });
    const samples = Float32Array.from({ length: 4 * nFft }, (_, n) =>
      harmonics.reduce(
        (sum, [hz, share]) => sum + share * Math.sin((2 * Math.PI * hz * n) / rate),
        0,
      ),
    );
    return new PitchTracker(analyzer, rate).track(analyzer.power(samples, 2));
  }
  const tone = (hz: number) => [1, 2, 3, 4, 5].map((k) => [k * hz, 1 / k] as const);
  const cents = (found: number, hz: number) => Math.abs(1200 * Math.log2(found / hz));

  /** Where the period is a whole number of samples at 8,000 Hz, to which most rates are reduced. */
  const ofPeriod = (samples: number) => 8000 / samples;

  test.each([8000, 16_000, 32_000, 48_000, 11_025, 44_100])('is found at %i Hz', (rate) => {
    for (const hz of [84, 40, 24].map(ofPeriod)) {
      const { hz: found, periodicity } = pitchOf(rate, tone(hz));
      expect(cents(found, hz)).toBeLessThan(15);
      expect(periodicity).toBeGreaterThan(0.9);
    }
  });

  test('is looked for from 60 to 600 Hz', () => {
    for (const period of [134, 130, 15, 14, 13]) {
      const hz = ofPeriod(period);
      expect(cents(pitchOf(16_000, tone(hz)).hz, hz)).toBeLessThan(20);
    }
    // What is higher is heard an octave lower, what is lower as one of its harmonics.
    for (const period of [12, 11, 8]) {
      const hz = ofPeriod(2 * period);
      expect(cents(pitchOf(16_000, tone(2 * hz)).hz, hz)).toBeLessThan(20);
    }
    expect(pitchOf(16_000, tone(ofPeriod(150))).hz).toBeGreaterThan(59);
  });

  test('is that of a voice at any frequency, not an octave or a twelfth below', () => {
    for (let semitone = 0; semitone < 38; semitone += 0.25) {
      const hz = 65 * 2 ** (semitone / 12);
      // Strongest in the second or third harmonic, as vowels are.
      for (const strongest of [1, 2, 3]) {
        const voice = Array.from({ length: 12 }, (_, i) => {
          const share = 1 / (1 + Math.abs(i + 1 - strongest));
          return [(i + 1) * hz, share] as const;
        }).filter(([harmonic]) => harmonic < 7900);
        expect({ hz, strongest, cents: cents(pitchOf(16_000, voice).hz, hz) }).toEqual({
          hz,
          strongest,
          cents: expect.toSatisfy((difference: number) => difference < 20),
        });
      }
    }
  });

  test('is the higher of two that explain a sound equally well', () => {
    // All multiples of 300 Hz are multiples of 150 and 100 Hz as well.
    expect(cents(pitchOf(16_000, tone(300)).hz, 300)).toBeLessThan(15);
    expect(cents(pitchOf(16_000, [[300, 1]]).hz, 300)).toBeLessThan(15);
  });

  test('is told more exactly than by whole samples', () => {
    for (const hz of [198.5, 260, 324]) {
      expect(cents(pitchOf(16_000, tone(hz)).hz, hz)).toBeLessThan(4);
    }
  });

  test('is the least where nothing repeats', () => {
    const none = { hz: 60, periodicity: 0 };
    expect(pitchOf(16_000, [])).toEqual(none);
    // A spectrum that only falls with the lag.
    const analyzer = new FrameAnalyzer({ nFft: 1024, hopLength: 320 });
    const power = new Float64Array(513);
    power[0] = 1;
    expect(new PitchTracker(analyzer, 16_000).track(power).hz).toBe(60);
    expect(new PitchTracker(analyzer, 16_000).track(power.fill(Number.NaN))).toEqual(none);
  });
});

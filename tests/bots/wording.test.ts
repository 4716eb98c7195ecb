import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EN } from '../../bots/wording/languages.ts';
import { wordVerdict } from '../../bots/wording/verdict.ts';
import {
  EMOTIONS,
  ERROR_TABLE,
  findModelFolder,
  readCard,
  type Segment,
  type Verdict,
} from '../../core/index.ts';
import { NO_SPEECH, VERDICT } from '../../functions/http/schemas.ts';

const PROBABILITIES = {
  ...{ neutral: 0.1, calm: 0.05, happy: 0.6, sad: 0.004, angry: 0.006 },
  ...{ fearful: 0.02, disgust: 0.02, surprised: 0.2 },
};

const segment = (start: number, end: number, emotion: Segment['emotion']): Segment => ({
  ...{ start, end, emotion },
  confidence: 0.6,
  probabilities: PROBABILITIES,
});

const happy = (rest: Partial<Verdict> = {}): Verdict => ({
  ...VERDICT,
  emotion: 'happy',
  confidence: 0.6,
  probabilities: PROBABILITIES,
  ...rest,
});

test('an emotion: how sure, and what is next', () => {
  const words = wordVerdict(happy());
  expect(words).toMatchObject({
    ...{ emoji: '😄', title: 'Happy', sureness: '60% sure', meaning: null },
    footer: 'A guess about how this sounds, not about how anyone feels.',
  });
  expect(words.others).toEqual([
    { label: 'surprised', share: '20%', bar: '▰▰▱▱▱▱▱▱▱▱' },
    { label: 'neutral', share: '10%', bar: '▰▱▱▱▱▱▱▱▱▱' },
    { label: 'calm', share: '5%', bar: expect.any(String) },
  ]);
});

test('what is next to nothing is not named', () => {
  const probabilities = { ...PROBABILITIES, happy: 0.98, surprised: 0.012, neutral: 0.001 };
  const others = wordVerdict(
    happy({ probabilities: { ...probabilities, calm: 0, fearful: 0, disgust: 0 } }),
  ).others;
  expect(others.map(({ label }) => label)).toEqual(['surprised']);
});

test('uncertain: that it is, what it means, and the three nearest', () => {
  const words = wordVerdict(happy({ emotion: 'uncertain', confidence: 0.31 }));
  expect(words.title).toBe('Uncertain');
  expect(words.sureness).toBeNull();
  expect(words.meaning).toContain('No emotion stands out: the best guess is happy, at 31%.');
  expect(words.others.map(({ label }) => label)).toEqual(['happy', 'surprised', 'neutral']);
});

test('no speech: what it means, and no emotion at all', () => {
  const words = wordVerdict(NO_SPEECH);
  expect(words).toMatchObject({ title: 'No speech', sureness: null, others: [], timeline: null });
  expect(words.meaning).toContain('I can’t hear anyone speaking.');
});

test('a change: its emotions in order, and what the whole note sounds most like', () => {
  const words = wordVerdict(
    happy({ emotion: 'uncertain', confidence: 0.29, sequence: ['angry', 'happy'] }),
  );
  expect(words).toMatchObject({
    emoji: '😠 → 😄',
    title: 'Angry, then happy',
    sureness: null,
    meaning: 'The voice changes along the way. Taken as a whole, the best guess is happy, at 29%.',
  });
  expect(words.others.map(({ label }) => label)).toEqual(['happy', 'surprised', 'neutral']);
});

describe('the timeline', () => {
  test('of a short note says nothing new', () => {
    expect(wordVerdict(happy({ timeline: [segment(0, 3, 'happy')] })).timeline).toBeNull();
  });

  test('has squares in proportion, pauses and a legend', () => {
    const timeline = [segment(0, 12, 'happy'), segment(18, 24, 'sad')];
    const summary = { happy: 0.667, sad: 0.333 };
    expect(wordVerdict(happy({ timeline, summary, duration: 24 })).timeline).toEqual({
      strip: '🟨🟨🟨🟨🟨🟨▫️▫️▫️🟦🟦🟦',
      start: '0:00',
      end: '0:24',
      legend: '🟨\u00a0happy  ▫️\u00a0no speech  🟦\u00a0sad',
      shares: 'Of the speech: 67% happy, 33% sad.',
    });
  });

  test('always has twelve squares, whatever the stretches', () => {
    const stretches = fc.array(
      fc.tuple(fc.double({ min: 0.01, max: 40, noNaN: true }), fc.constantFrom(...EMOTIONS)),
      { minLength: 2, maxLength: 40 },
    );
    fc.assert(
      fc.property(stretches, (lengths) => {
        let at = 0;
        const timeline = lengths.map(([length, emotion]) => {
          const start = at;
          at += length;
          return segment(start, at, emotion);
        });
        const words = wordVerdict(happy({ timeline, duration: at })).timeline;
        const squares = [...(words?.strip ?? '')].filter((sign) => sign !== '\ufe0f');
        expect(squares).toHaveLength(12);
      }),
    );
  });
});

describe('the English catalogue', () => {
  test.each(
    Object.keys(ERROR_TABLE) as (keyof typeof ERROR_TABLE)[],
  )('has a sentence for %s that a person in a chat can use', (code) => {
    const sentence = EN.errors[code];
    expect(sentence).toMatch(/^[A-Z].*\.$|`$/);
    // Programs and networks are nobody's business in a chat.
    expect(sentence).not.toMatch(/HTTP|POST|JSON|undefined|NaN|exception/);
  });

  test('tells the limits as they are', () => {
    expect(EN.help.text).toContain('up to 5 minutes and 25 MB');
  });

  test('tells of itself what its card says', async () => {
    const { limits } = await readCard(findModelFolder({}));
    const [, right] = /(\d+)% of the answers are correct/.exec(limits[0]) ?? [];
    // Rounded up: a bot never promises more than the card.
    const wrong = ['no', 'one', 'two', 'three', 'four', 'five', 'six'][
      Math.ceil(10 - Number(right) / 10)
    ];
    expect(EN.about.text).toContain(
      `${wrong} in ten of the emotions I named were not the right ones`,
    );
    for (const emotion of EMOTIONS) expect(EN.about.text).toContain(emotion);
  });

  test.each(['notice', 'privacy'] as const)('says in the %s what the law forbids', (name) => {
    const text = typeof EN[name] === 'string' ? EN[name] : (EN[name] as { text: string }).text;
    expect(text).toContain('Art. 5(1)(f)');
    expect(text).toContain('Art. 50(3)');
    expect(text).toMatch(/work or in education/);
  });
});

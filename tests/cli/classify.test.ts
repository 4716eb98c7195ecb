import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findFfmpeg } from '../../core/audio/find-ffmpeg.ts';
import { MAX_BYTES } from '../../core/limits.ts';
import { verdictSchema } from '../../core/verdict.ts';
import { joined, twoStretches, voiceLike, wavFile } from '../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { writeTinyModel } from '../fixtures/model.ts';
import { voiceOf, writePitchModel } from '../fixtures/pitch-model.ts';
import { BUILD, run } from '../fixtures/run.ts';
import { startProcess } from './serve/process.ts';

const SAMPLE = fileURLToPath(new URL('../../samples/plain.ogg', import.meta.url));
const NOISE = fileURLToPath(new URL('../../samples/noise.ogg', import.meta.url));

/** /dev/zero, /dev/full, signals and bash. */
const hasDevices = process.platform === 'linux';

let folder: string;
/** A note with a pause in it, and so with a timeline of two entries. */
let long: string;
let model: string;
const undertone = (...options: string[]) => run('cli/main.js', options);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-cli-'));
  model = await writeTinyModel({ favourite: 'happy', confidence: 0.7 });
  await mkdir(join(folder, 'notes', 'deep'), { recursive: true });
  const note = (seed: number) => wavFile(voiceLike({ seconds: 1.5, seed }));
  await writeFile(join(folder, 'notes', 'b.wav'), note(1));
  await writeFile(join(folder, 'notes', 'a.wav'), note(2));
  await writeFile(join(folder, 'notes', 'deep', 'c.WAV'), note(3));
  await writeFile(join(folder, 'notes', 'readme.txt'), 'not a recording');
  long = join(folder, 'long.wav');
  await writeFile(long, wavFile(twoStretches()));
  await writeFile(join(folder, 'broken.wav'), 'RIFF....WAVE');
  await writeFile(join(folder, 'text.ogg'), 'hello');
});
afterAll(() => rm(folder, { recursive: true }));

describe('one file', () => {
  test('is shown as a chart with the surest emotion first', async () => {
    const { code, stdout, stderr } = await undertone('classify', '--model', model, SAMPLE);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Happy, 70% sure/);
    expect(stdout).toMatch(/^ {2}happy +█+·+ +70%$/m);
    for (const name of ['neutral', 'calm', 'sad', 'angry', 'fearful', 'disgust', 'surprised']) {
      expect(stdout).toContain(name);
    }
  });

  test('that is long gets its timeline', async () => {
    expect((await undertone('classify', '--model', model, long)).stdout).toMatch(
      /Over time\n +0:00–0:06 +\w+.*\n +0:14–0:20 +\w+/,
    );
  });

  test('without speech says so', async () => {
    const { code, stdout } = await undertone('classify', NOISE);
    expect(code).toBe(0);
    expect(stdout).toMatch(/No speech\n +I can’t hear anyone speaking\./);
  });

  test('below the confidence of the card is uncertain, and the best guess is named', async () => {
    const unsure = await writeTinyModel({ favourite: 'sad', confidence: 0.3, threshold: 0.5 });
    const { stdout } = await undertone('classify', '--model', unsure, SAMPLE);
    expect(stdout).toMatch(/Uncertain\n +No emotion stands out: the best guess is sad, at 30%\./);
  });

  test('that changes is headed by its emotions in order', async () => {
    const pitches = await writePitchModel();
    const note = join(folder, 'changing.wav');
    await writeFile(note, wavFile(joined(voiceOf('sad', 6), voiceOf('happy', 6))));
    const { stdout } = await undertone('classify', '--model', pitches, note);
    expect(stdout).toMatch(
      /Sad, then happy\n +The voice changes along the way\. Taken as a whole, the best guess is \w+, at \d+%\./,
    );
    const many = await undertone('classify', '--model', pitches, note, SAMPLE);
    expect(many.stdout).toMatch(/^sad, then happy {2}\S+changing\.wav$/m);
    await rm(pitches, { recursive: true });
  });

  test('may come through stdin', async () => {
    const stdin = await readFile(SAMPLE);
    const { code, stdout } = await run('cli/main.js', ['classify', '-', '--json'], { stdin });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0].file).toBe('-');
  });
});

describe('--json', () => {
  test('is one array in the order of the arguments; a failed file is an entry with its error', async () => {
    const broken = join(folder, 'broken.wav');
    const missing = join(folder, 'missing.ogg');
    const { code, stdout, stderr } = await undertone(
      'classify',
      '--json',
      '--model',
      model,
      long,
      broken,
      missing,
      SAMPLE,
    );
    const entries = JSON.parse(stdout) as { file: string; error?: { code: string } }[];
    expect(entries.map((entry) => entry.file)).toEqual([long, broken, missing, SAMPLE]);
    expect(entries.map((entry) => entry.error?.code)).toEqual([
      undefined,
      'audio-unreadable',
      'not-found',
      undefined,
    ]);
    const { file: _, ...verdict } = entries[0];
    expect(verdictSchema.parse(verdict).timeline?.length).toBeGreaterThan(1);
    expect(code).toBe(1);
    expect(stderr).toContain('2 of 4 could not be read');
  });

  test('--no-timeline leaves it out', async () => {
    const { stdout } = await undertone('classify', '--json', '--no-timeline', long);
    expect(JSON.parse(stdout)[0]).not.toHaveProperty('timeline');
  });

  test('is the same with one worker and with two', async () => {
    const notes = join(folder, 'notes');
    const [one, two] = await Promise.all(
      ['1', '2'].map((n) => undertone('classify', '--json', '--workers', n, notes)),
    );
    expect(two.stdout).toBe(one.stdout);
  });
});

describe('several files', () => {
  test('of a folder are found at any depth, in order, and other files are left alone', async () => {
    const { code, stdout } = await undertone('classify', '--model', model, join(folder, 'notes'));
    expect(code).toBe(0);
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/[/\\]/).at(-1));
    expect(names).toEqual(['a.wav', 'b.wav', 'c.WAV']);
  });

  test('one bad file does not stop the rest and is named at the end', async () => {
    const text = join(folder, 'text.ogg');
    const { code, stdout, stderr } = await undertone('classify', SAMPLE, text, long);
    expect(code).toBe(1);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stderr).toMatch(/1 of 3 could not be read:\n.*text\.ogg: This is text, not a recording/);
  });

  test('--csv has a header, one row each, and quotes what needs it', async () => {
    const odd = join(folder, 'a, "b".wav');
    await writeFile(odd, wavFile(voiceLike({ seconds: 1 })));
    const { stdout } = await undertone(
      'classify',
      '--csv',
      '--model',
      model,
      odd,
      join(folder, 'text.ogg'),
    );
    const rows = stdout.trim().split('\r\n');
    expect(rows[0]).toBe(
      'file,emotion,confidence,neutral,calm,happy,sad,angry,fearful,disgust,surprised,duration,error',
    );
    expect(rows[1]).toContain('a, ""b"".wav",happy,0.7,');
    expect(rows[2]).toMatch(/,format-unsupported$/);
  });
});

describe('what goes wrong', () => {
  test('no arguments, unknown options and unknown commands are wrong usage', async () => {
    for (const options of [
      ['classify'],
      ['classify', '--nope', SAMPLE],
      ['sing'],
      ['classify', '--workers', '0', SAMPLE],
    ]) {
      const { code, stderr } = await undertone(...options);
      expect(code, options.join(' ')).toBe(2);
      expect(stderr).toMatch(/error:/);
    }
  });

  test('standard input is given once', async () => {
    const { code, stdout, stderr } = await undertone('classify', '--csv', '-', SAMPLE, '-');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('Standard input holds one recording. Give "-" only once.\n');
  });

  test.each([
    [['classify', SAMPLE, ''], 'An argument is empty.'],
    [['classify', '--model', '', SAMPLE], 'The value of --model is empty.'],
    [['watch', ''], 'An argument is empty.'],
    [['labels', ''], 'An argument is empty.'],
    [['serve', '--inbox', ''], 'The value of --inbox is empty.'],
    [['serve', '--port', ''], 'Give a port from 0'],
  ])('what is empty is told as such: %j', async (line, told) => {
    const { code, stdout, stderr } = await undertone(...line);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(told);
  });

  test('an empty folder is named', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    const { code, stderr } = await undertone('classify', empty);
    expect(code).toBe(1);
    expect(stderr).toContain(`No recordings were found in ${empty}`);
  });

  test('a file above the limit is refused without being read', async () => {
    const huge = join(folder, 'huge.wav');
    await writeFile(huge, Buffer.alloc(MAX_BYTES + 1));
    const { stderr } = await undertone('classify', huge);
    expect(stderr).toContain('exceeds the limit of 25 MiB');
    await rm(huge);
  });

  test.skipIf(!hasDevices)('an input without an end is refused at the limit', async () => {
    const { code, stderr } = await undertone('classify', '/dev/zero');
    expect(code).toBe(1);
    expect(stderr).toContain('exceeds the limit of 25 MiB');
  });

  test('names cannot steer the terminal', async () => {
    const odd = join(folder, 'a\u001b[31m\nb.wav');
    await writeFile(odd, 'hello');
    const named = await undertone('classify', odd, SAMPLE, join(folder, 'no\u001b[2Jfile'));
    expect(named.stdout + named.stderr).toContain('a?[31m?b.wav');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(named.stdout + named.stderr).not.toMatch(/\u001b/);
    expect((await undertone('watch', join(folder, '\u001bx'))).stderr).toContain('?x');
    // Nor turn the direction of what follows, or begin a line.
    const turned = await undertone('classify', '\u202egnp.wav', 'a\u2066b\u2028c', '👩‍🚀.wav');
    expect(turned.stdout).toBe('✗ ?gnp.wav\n✗ a?b?c\n✗ 👩‍🚀.wav\n');
  });

  test('a model that cannot be used stops the run with one sentence', async () => {
    const { code, stdout, stderr } = await undertone('classify', '--model', folder, SAMPLE, long);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/emotion\.json cannot be read/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('inside a folder', () => {
  /** A folder of its own that everybody may enter. */
  const openFolder = async () => {
    const open = await mkdtemp(join(folder, 'open-'));
    await chmod(folder, 0o755);
    await chmod(open, 0o755);
    return open;
  };
  const note = wavFile(voiceLike({ seconds: 1 }));

  test('links to recordings are followed, and those to folders are not', async () => {
    const open = await openFolder();
    await symlink(SAMPLE, join(open, 'link.ogg'));
    await symlink(open, join(open, 'circle.ogg'));
    const { code, stdout } = await undertone('classify', '--csv', open);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stdout).toContain('link.ogg,');
  });

  test.skipIf(!hasDevices)(
    'what has no end, and what macOS keeps beside files, is left alone',
    async () => {
      const open = await openFolder();
      await writeFile(join(open, 'a.wav'), note);
      await writeFile(join(open, '._a.wav'), '\0\x05\x16\x07');
      spawnSync('mkfifo', [join(open, 'pipe')]);
      await symlink('pipe', join(open, 'pipe.wav'));
      await symlink('/dev/zero', join(open, 'zero.wav'));
      await symlink('nowhere', join(open, 'missing.wav'));
      const { code, stdout, stderr } = await undertone('classify', '--csv', '--model', model, open);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^file.*\r\n.*a\.wav,happy.*\r\n.*missing\.wav,.*,not-found\r\n$/);
      expect(stderr).toContain('1 of 2 could not be read');
    },
  );

  test('recordings are found by many endings', async () => {
    const open = await openFolder();
    const endings =
      'weba 3gpp qta m4b spx mkv MKV rf64 wave bwf awb 3ga mp2 mpga m4r m4v ogv'.split(' ');
    for (const ending of endings) await writeFile(join(open, `note.${ending}`), note);
    const { stdout } = await undertone('classify', '--csv', '--model', model, open);
    for (const ending of endings) expect(stdout).toContain(`note.${ending},happy,`);
  });

  test.skipIf(!hasDevices)(
    'one that cannot be listed, or a name that is not UTF-8, hides nothing else',
    async () => {
      const open = await openFolder();
      await mkdir(join(open, 'closed'), { mode: 0o000 });
      await writeFile(join(open, 'a.wav'), note);
      const odd = Buffer.concat([
        Buffer.from(`${open}/`),
        Buffer.from([0xe9]),
        Buffer.from('.wav'),
      ]);
      await writeFile(odd, note);
      // Nothing is closed to root.
      const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const options = [`${BUILD}/cli/main.js`, 'classify', '--csv', open];
      const { status, stdout, stderr } = spawnSync(process.execPath, options, {
        encoding: 'utf8',
        ...asNobody,
      });
      expect(status).toBe(1);
      expect(stdout).toMatch(
        /a\.wav,(happy|sad|angry|calm|neutral|fearful|disgust|surprised|uncertain)/,
      );
      expect(stderr).toContain('2 of 3 could not be read');
      expect(stderr).toMatch(/closed: .*closed cannot be opened/);
      expect(stderr).toMatch(/is not UTF-8.* Rename the file\./);
    },
  );
});

describe.skipIf(!hasDevices)('an output', () => {
  const shell = (script: string) => {
    const env = { ...process.env, NODE: process.execPath, MAIN: `${BUILD}/cli/main.js` };
    return spawnSync('bash', ['-c', script], { env, cwd: folder, encoding: 'utf8' });
  };

  test('whose reader has gone ends the command as it ends other filters', () => {
    const many = Array(40).fill(`'${SAMPLE}'`).join(' ');
    const script = `"$NODE" "$MAIN" classify --json --workers 2 ${many} | head -c 100 > /dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = shell(script);
    expect(stderr).toBe('');
    // 128 + SIGPIPE.
    expect(stdout.trim()).toBe('141');
  });

  test.each([
    'classify --json',
    'classify --csv --workers 2',
  ])('on a full device is one sentence: %s', (command) => {
    const { status, stderr } = shell(
      `"$NODE" "$MAIN" ${command} '${SAMPLE}' '${NOISE}' > /dev/full`,
    );
    expect(status).toBe(1);
    expect(stderr).toBe('The output cannot be written (ENOSPC). Check the disk or the device.\n');
  });
});

describe.skipIf(!(hasDevices && hasFfmpeg))('a process of --workers', () => {
  /** Begins to classify four recordings, of which a program in the place of ffmpeg meets the third. */
  const start = async (name: string, script: string) => {
    const [standIn, m4a] = [join(folder, `ffmpeg-${name}`), join(folder, `${name}.m4a`)];
    await writeFile(standIn, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    await writeFile(m4a, encode(await readFile(long), 'm4a'));
    const options = ['classify', '--csv', '--workers', '2', SAMPLE, long, m4a, NOISE];
    return startProcess([process.execPath, `${BUILD}/cli/main.js`, ...options], folder, {
      FFMPEG_BIN: standIn,
    });
  };

  test('that dies is a named error of its recording, and another takes the rest', async () => {
    const { exit } = await start('killing', 'kill -KILL $PPID');
    const { code, out, err } = await exit;
    expect(code).toBe(1);
    const rows = out.trim().split('\n').slice(1);
    expect(rows.map((row) => /internal/.test(row))).toEqual([false, false, true, false]);
    expect(err).toMatch(/1 of 4 could not be read:\n .*killing\.m4a: .*SIGKILL.* --workers\.\n$/);
  });

  test('ends when the command is killed', async () => {
    const pidFile = join(folder, 'pid');
    const { child, exit } = await start('waiting', `echo $PPID > '${pidFile}'; exec sleep 60`);
    const pid = await vi.waitFor(
      async () => {
        const text = await readFile(pidFile, 'utf8');
        if (!text.endsWith('\n')) throw new Error('No recording is being decoded yet.');
        return Number(text);
      },
      { timeout: 30_000 },
    );
    expect(pid).not.toBe(child.pid);
    child.kill('SIGKILL');
    const isGone = () => expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await vi.waitFor(isGone, { timeout: 10_000 });
    await exit;
  });
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  expect(await undertone('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

describe('undertone model', () => {
  test('prints the card for people', async () => {
    const { code, stdout } = await undertone('model');
    expect(code).toBe(0);
    expect(stdout).toMatch(/speakers unseen, speech/);
    expect(stdout).toMatch(/CC BY-NC-SA 4\.0/);
  });

  test('--json is the stored card', async () => {
    const card = JSON.parse((await undertone('model', '--json')).stdout);
    expect(card.classes).toHaveLength(8);
    expect(card.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

test.runIf(process.platform === 'linux' && hasFfmpeg).each([
  ['the command', 1],
  ['the processes of --workers', 2],
])('ffmpeg cannot read the environment of its parent, started by %s', async (_, count) => {
  const m4a = join(folder, 'note.m4a');
  await writeFile(m4a, encode(await readFile(long), 'm4a'));
  const seen = join(folder, `environ-${count}`);
  const standIn = join(folder, `ffmpeg-${count}`);
  const script = `#!/bin/sh\ncat /proc/$PPID/environ >>'${seen}'\nexec '${findFfmpeg()}' "$@"\n`;
  await writeFile(standIn, script, { mode: 0o700 });
  const env = { FFMPEG_BIN: standIn, AWS_SECRET_ACCESS_KEY: 'hidden-from-ffmpeg' };
  const options = ['classify', '--json', '--model', model, ...Array(count).fill(m4a)];
  const { code, stderr } = await run('cli/main.js', options, { env });
  expect(code, stderr).toBe(0);
  const environ = await readFile(seen, 'latin1');
  expect(environ.length).toBeGreaterThan(0);
  // Without printing it, should it fail.
  expect(/[^\0]/.test(environ)).toBe(false);
});

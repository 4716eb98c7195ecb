import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer } from '../../bots/answer.ts';
import { ApiClient } from '../../bots/api-client.ts';
import { verdictEmbed } from '../../bots/discord/reply.ts';
import { memoryLimits } from '../../bots/limits.ts';
import { fileSettings } from '../../bots/settings.ts';
import { verdictMessage } from '../../bots/slack/blocks.ts';
import { type RunningServer, startServer } from '../../cli/serve/server.ts';
import { joined, wavFile } from '../fixtures/audio.ts';
import { voiceOf, writePitchModel } from '../fixtures/pitch-model.ts';
import { useServer } from './server.ts';

const files = useServer();
let folder: string;
let api: RunningServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-change-'));
  process.env.UNDERTONE_MODEL = await writePitchModel();
  api = await startServer({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await api.close();
  await rm(process.env.UNDERTONE_MODEL ?? '', { recursive: true });
  delete process.env.UNDERTONE_MODEL;
  await rm(folder, { recursive: true });
});

test('a note that changes is headed by its emotions in order, in Discord and in Slack', async () => {
  const recording = wavFile(joined(voiceOf('sad', 6), voiceOf('happy', 6)));
  files.handle = (_, response) => response.writeHead(200).end(Buffer.from(recording));
  const place = { platform: 'slack', workspace: 'T1', channel: 'D1', isDirect: true } as const;
  const reply = await answer(
    { place, asker: 'anna', author: 'anna' },
    { url: `${files.origin}/note.wav` },
    {
      api: new ApiClient({ endpoint: api.url }),
      settings: await fileSettings(join(folder, 'settings.json')),
      limits: memoryLimits(),
      hosts: { hosts: [files.origin] },
    },
  );
  if (reply.kind !== 'verdict') throw reply.error;
  expect(verdictEmbed(reply.words).title).toBe('😢 → 😄 Sad, then happy');
  const { blocks, text } = verdictMessage(reply);
  expect(blocks[0]).toMatchObject({ type: 'header', text: { text: '😢 → 😄 Sad, then happy' } });
  expect(text).toMatch(/^Sad, then happy\. The voice changes along the way\. Taken as a whole, /);
});

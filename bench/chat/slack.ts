import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../bots/api-client.ts';
import { memoryLimits } from '../../bots/limits.ts';
import { fileSettings } from '../../bots/settings/file.ts';
import { slackHosts } from '../../bots/slack/files.ts';
import { startSocketBot } from '../../bots/slack/socket.ts';
import { handler } from '../../functions/slack-events.ts';
import { ROOT } from '../../lib/root.ts';
import { slackRequestEvent } from '../../tests/functions/slack-request.ts';
import { type Counterpart, startSlack } from '../../tests/support/slack/counterpart.ts';
import { signedRequest } from '../../tests/support/slack/http-delivery.ts';
import { eventBody, messageEvent } from '../../tests/support/slack/payloads.ts';
import { FifoQueue } from '../../tests/support/sqs.ts';
import { startServer } from '../server.ts';
import { fiveSeconds, NOTES, OGG, REQUESTS, report, WARMUPS } from './common.ts';

/**
 * The Slack bot against a counterpart of Slack on this machine, with the real API and the model that
 * ships: how long an event over HTTP waits for its acknowledgement, and a clip for its answer.
 */
export async function benchSlack(): Promise<void> {
  const manifest = await readFile(join(ROOT, 'bots', 'slack', 'manifest.json'), 'utf8');
  const slack = await startSlack({ manifest: JSON.parse(manifest) });
  try {
    console.log('\nSlack, a counterpart of it on this machine');
    report('event: verify, hand on, acknowledge', await acknowledgements(slack));
    for (const [name, note] of clips()) {
      report(`from the event to the answer, ${name} of 5 s`, await answers(slack, note));
    }
  } finally {
    await slack.close();
  }
}

/** Signature, schema, and handing on to a queue on this machine. */
async function acknowledgements(slack: Counterpart): Promise<number[]> {
  const queue = new FifoQueue();
  await queue.start();
  Object.assign(process.env, queue.env, {
    UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
    UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
  });
  const ada = slack.workspace.addUser();
  const channel = slack.workspace.addChannel([ada], { hasBot: false });
  const place = { id: channel, kind: 'public', members: new Set<string>() } as const;
  const times: number[] = [];
  for (let i = 0; i < WARMUPS + REQUESTS; i++) {
    const message = slack.say(channel, ada, { files: [{ content: new Uint8Array(1000) }] });
    const body = JSON.stringify(eventBody(messageEvent(message, place)));
    const event = slackRequestEvent(signedRequest(body, { secret: slack.signingSecret }));
    const start = performance.now();
    const { statusCode } = await handler(event);
    times.push(performance.now() - start);
    if (statusCode !== 200) throw new Error(`It was answered with ${statusCode}.`);
  }
  await queue.close();
  return times;
}

/** From the envelope on the WebSocket to the post that Slack has taken. */
async function answers(slack: Counterpart, note: Uint8Array): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  const api = await startServer();
  const { appToken, botToken } = slack;
  const bot = await startSocketBot({
    ...{ appToken, botToken, apiUrl: slack.api.url },
    services: {
      api: new ApiClient({ endpoint: api.url }),
      settings: await fileSettings(join(folder, 'settings.json')),
      limits: memoryLimits({ perUser: 1e6, perChannel: 1e6 }),
      hosts: slackHosts(botToken, [`http://${slack.files.host}`]),
    },
  });
  const ada = slack.workspace.addUser();
  const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
  const times: number[] = [];
  try {
    for (let i = 0; i < WARMUPS + NOTES; i++) {
      const start = performance.now();
      slack.say(channel, ada, { files: [{ content: note }] });
      while (slack.posts(channel).length <= i) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      times.push(performance.now() - start);
    }
  } finally {
    await bot.stop();
    api.kill();
    await rm(folder, { recursive: true });
  }
  return times;
}

/** Five seconds of a sample: as Slack's clips are encoded, and in a format that needs no ffmpeg. */
function clips(): [string, Uint8Array][] {
  const mp4 = ['-c:a', 'aac', '-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov'];
  return [
    ['a clip (MP4)', fiveSeconds(...mp4)],
    ['an Ogg Opus file', fiveSeconds(...OGG)],
  ];
}

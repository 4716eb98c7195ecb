import { describe, expect, test } from 'vitest';
import { memoryLimits } from '../../../bots/limits.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import type { Counterpart } from '../../support/slack/counterpart.ts';
import { TEAM } from '../../support/slack/workspace.ts';
import { type BotUnderTest, type HttpBotUnderTest, useHttpBot, useSocketBot } from './bot.ts';

useTinyModel({ favourite: 'happy', confidence: 0.7 });

const CHANNELS = 20;
const NOTES = 500;
/** Milliseconds, for a machine that is busy with other things. */
const TIMEOUT = 240_000;
/** Every channel has the bot wait twice for a second. */
const postsInARow = 10;
const note = wavFile(voiceLike({ seconds: 0.6 }));

/** Everybody posts ten notes in the same moment, which is within what one person may have heard. */
async function burst(run: BotUnderTest | HttpBotUnderTest): Promise<void> {
  const { slack, services } = run;
  const people = Array.from({ length: 50 }, () => slack.workspace.addUser());
  const channels = Array.from({ length: CHANNELS }, () => slack.workspace.addChannel(people));
  for (const channel of channels) {
    const place = { platform: 'slack', workspace: TEAM, channel, isDirect: false } as const;
    await services.settings.setAutomatic(place, true);
  }
  const said = Array.from({ length: NOTES }, (_, i) =>
    slack.say(channels[i % CHANNELS], people[i % people.length], { files: [{ content: note }] }),
  );
  await run.said(NOTES, TIMEOUT);
  for (const channel of channels) {
    const asked = said.filter((message) => message.channel === channel).map(({ ts }) => ts);
    expect(answered(slack, channel)).toEqual(asked);
  }
  expect(slack.posts().every(({ text }) => text.startsWith('Happy'))).toBe(true);
  expect(slack.api.rates.refusals).toBe(CHANNELS * 2);
  expect(slack.api.rates.impatient).toBe(0);
}

function answered(slack: Counterpart, channel: string): (string | undefined)[] {
  return slack.posts(channel).map(({ threadTs }) => threadTs);
}

describe('500 notes in the same moment in 20 channels: 500 answers, in order, none twice', () => {
  describe('in Socket Mode', () => {
    const run = useSocketBot({ postsInARow, limits: memoryLimits() });
    test(
      'with connections that break meanwhile',
      async () => {
        const timers = [400, 1500, 4000].map((ms, i) =>
          setTimeout(() => {
            if (i === 1) run.slack.api.socket.requestRefresh();
            else run.slack.api.socket.drop();
          }, ms),
        );
        await burst(run);
        for (const timer of timers) clearTimeout(timer);
      },
      TIMEOUT,
    );
  });

  describe('over HTTP', () => {
    const run = useHttpBot({ postsInARow });
    test(
      'with acknowledgements that are late',
      async () => {
        run.delays.push(...Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 3500 : 0)));
        await burst(run);
        expect(run.http.retries).toBeGreaterThan(0);
      },
      TIMEOUT,
    );
  });
});

import { describe, expect, test } from 'vitest';
import { handleSlackJob } from '../../../bots/slack/app.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import { BOT } from '../../support/slack/workspace.ts';
import { jobServices, NOTE, textOf, useHttpBot } from './bot.ts';

useTinyModel({ favourite: 'calm', confidence: 0.8 });

const run = useHttpBot({ ackMs: 500 });
const clip = { content: NOTE };

function channelOf(kind: 'direct' | 'public', isAdmin = false) {
  const { workspace } = run.slack;
  const ada = workspace.addUser({ isAdmin });
  return { ada, channel: workspace.addChannel([ada], { kind }) };
}

describe('over HTTP', () => {
  test('a note is answered in its thread', async () => {
    const { ada, channel } = channelOf('direct');
    const note = run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    const [post] = run.slack.posts();
    expect(post).toMatchObject({ channel, threadTs: note.ts });
    expect(textOf(post.blocks)).toContain('😌 Calm · 80% sure');
    // What people wrote is not queued, nor what was in a message that they forward.
    const forward = run.slack.say(channel, ada, {
      text: 'Look',
      shares: [{ ...note, text: 'Look' }],
    });
    await run.said(2);
    expect(run.slack.posts()[1]).toMatchObject({ threadTs: forward.ts });
    expect(JSON.stringify(run.jobs)).not.toContain('Look');
  });

  test('commands, shortcuts and mentions are answered to who used them', async () => {
    const { ada, channel } = channelOf('public', true);
    const note = run.slack.say(channel, ada, { files: [clip] });
    run.slack.shortcut(ada, note);
    await run.said(1);
    run.slack.say(channel, ada, { text: `<@${BOT.user}>`, files: [clip] });
    await run.said(2);
    run.slack.command(channel, ada, 'auto on');
    await run.said(3);
    expect(run.slack.workspace.ephemerals.map(({ user }) => user)).toEqual([ada, ada, ada]);
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(4);
    expect(run.slack.posts()).toHaveLength(1);
  });

  test('events whose acknowledgement is late come again, and are answered once', async () => {
    const { ada, channel } = channelOf('direct');
    run.delays.push(1000, 1000);
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    expect(run.http.retries).toBe(2);
    expect(run.jobs).toHaveLength(1);
  });

  test('a post that fails comes once', async () => {
    const { ada, channel } = channelOf('direct');
    run.slack.api.fail('chat.postMessage', { kind: 'status', status: 500, isDone: true });
    run.slack.api.fail('chat.postMessage', { kind: 'rate-limited', seconds: 1 });
    run.slack.say(channel, ada, { files: [clip] });
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(2);
  });

  test('a job that is done twice, as its worker was cut off, is answered once', async () => {
    const { ada, channel } = channelOf('direct');
    run.slack.say(channel, ada, { files: [clip, clip] });
    await run.said(2);
    const [payload] = run.jobs;
    const deps = jobServices(run.slack, run.services);
    await handleSlackJob(payload, deps, { isRepeated: true });
    await run.said(2);
    await handleSlackJob(payload, deps);
    await run.said(4);
  });

  test('a question that is done twice is answered once for all to see, and to nobody else', async () => {
    const { ada, channel } = channelOf('public', true);
    run.slack.command(channel, ada, 'auto on');
    await run.said(1);
    run.slack.say(channel, ada, { text: `<@${BOT.user}>`, files: [clip] });
    await run.said(2);
    const payload = run.jobs.at(-1);
    const { services, slack } = run;
    const deps = jobServices(slack, services);
    await handleSlackJob(payload, deps, { isRepeated: true });
    await run.said(2);
    expect(slack.posts()).toHaveLength(1);
  });

  test('a job that cannot be answered is not done', async () => {
    const { ada, channel } = channelOf('direct');
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    const [payload] = run.jobs;
    const deps = jobServices(run.slack, run.services);
    run.slack.api.botRefusal = 'token_revoked';
    await expect(handleSlackJob(payload, deps)).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
  });

  test.each([
    null,
    'text',
    7,
    [],
    {},
    { event: null },
    { event: {} },
    { command: '/undertone' },
  ])('a job that is %j is nothing to do', async (payload) => {
    const deps = jobServices(run.slack, run.services);
    await handleSlackJob(payload, deps);
    await run.said(0);
  });
});

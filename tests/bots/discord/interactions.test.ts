import { PermissionFlagsBits } from 'discord-api-types/v10';
import { describe, expect, test, vi } from 'vitest';
import { handleDiscordJob } from '../../../bots/discord/job.ts';
import { interactionRest } from '../../../bots/discord/rest.ts';
import { EN } from '../../../bots/wording/languages.ts';
import {
  ALL_PERMISSIONS,
  command,
  readEmotion,
  slash,
  slashRead,
} from '../../support/discord/commands.ts';
import { isEphemeral, type LocalInteraction } from '../../support/discord/interactions.ts';
import type { LocalDiscord } from '../../support/discord/server.ts';
import { snowflakeOf } from '../../support/discord/snowflake.ts';
import { withFiles } from '../../support/discord/world.ts';
import { captureLog, NOTE, openChannel, type Stage, useStage } from './fixture.ts';

const stage = useStage();

const DISCORD = { platform: 'discord', workspace: null } as const;
const MODERATOR = PermissionFlagsBits.ManageChannels;

/** Waits for the whole answer and returns what the asker reads, embed by embed. */
async function answerTo(discord: LocalDiscord, interaction: LocalInteraction): Promise<string[]> {
  await discord.until(() => interaction.original !== null);
  return (interaction.original?.embeds ?? []).map(
    ({ title, description }) => title ?? description ?? '',
  );
}

describe('"Read emotion" in the menu of a message', () => {
  test('tells about one’s own note, for one’s own eyes', async () => {
    const { discord, closed } = await stage.withBot();
    const user = discord.world.addUser();
    const note = discord.postVoice(closed, user, NOTE);
    const asked = discord.interact(closed, readEmotion(note, { user, channel: closed }));
    expect(await answerTo(discord, asked)).toEqual(['😢 Sad', EN.notice]);
    expect(isEphemeral(asked)).toBe(true);
    expect(discord.said(closed)).toEqual([]);
    expect(asked.edits).toHaveLength(1);
  });

  test('does not tell about the note of somebody else, and fetches nothing', async () => {
    const { discord, closed } = await stage.withBot();
    const note = discord.postVoice(closed, discord.world.addUser(), NOTE);
    const user = discord.world.addUser();
    const asked = discord.interact(closed, readEmotion(note, { user, channel: closed }));
    expect(await answerTo(discord, asked)).toEqual([EN.errors['not-permitted']]);
    expect(isEphemeral(asked)).toBe(true);
    expect(discord.cdn.requests.size).toBe(0);
  });

  test('tells about anybody’s where a moderator has opened the channel, also in its threads', async () => {
    const before = await stage.set();
    const { discord, open } = before;
    const thread = discord.world.addThread(open);
    await stage.start(before);
    const user = discord.world.addUser();
    for (const channel of [open, thread]) {
      const note = discord.postVoice(channel, discord.world.addUser(), NOTE);
      const asked = discord.interact(channel, readEmotion(note, { user, channel }));
      expect((await answerTo(discord, asked))[0]).toBe('😢 Sad');
      expect(isEphemeral(asked)).toBe(true);
    }
  });

  test('in an open channel shows the notice to the asker, and the channel still gets its own', async () => {
    const { discord, open } = await stage.withBot();
    const user = discord.world.addUser();
    const note = discord.postUnseen(open, user, discord.voice(NOTE));
    const asked = discord.interact(open, readEmotion(note, { user, channel: open }));
    expect(await answerTo(discord, asked)).toContain(EN.notice);
    const posted = discord.postVoice(open, user, NOTE);
    await discord.until(() => discord.repliesTo(posted).length === 1);
    const [{ embeds }] = discord.repliesTo(posted);
    expect(embeds.map(({ description }) => description)).toContain(EN.notice);
  });

  test('in a direct message the answer stays', async () => {
    const { discord } = await stage.withBot();
    const user = discord.world.addUser();
    const channel = discord.world.addDirect(user);
    const note = discord.postVoice(channel, user, NOTE);
    const asked = discord.interact(channel, readEmotion(note, { user, channel }));
    expect((await answerTo(discord, asked))[0]).toBe('😢 Sad');
    expect(isEphemeral(asked)).toBe(false);
  });

  test('between two people only one’s own notes count, and nobody else sees', async () => {
    const { discord } = await stage.withBot();
    const [user, friend] = [1, 2].map(() => discord.world.addUser());
    const channel = discord.world.addDirect(friend);
    const asker = { user, channel, isPrivateChannel: true };
    const own = discord.postUnseen(channel, user, discord.voice(NOTE));
    const theirs = discord.postUnseen(channel, friend, discord.voice(NOTE));
    const first = discord.interact(channel, readEmotion(own, asker));
    const second = discord.interact(channel, readEmotion(theirs, asker));
    expect((await answerTo(discord, first))[0]).toBe('😢 Sad');
    expect(await answerTo(discord, second)).toEqual([EN.errors['not-permitted']]);
    expect([first, second].map(isEphemeral)).toEqual([true, true]);
  });

  test('tells about a forwarded note in a direct message; elsewhere nobody knows its author', async () => {
    const { discord, open, closed } = await stage.withBot();
    const user = discord.world.addUser();
    const direct = discord.world.addDirect(user);
    const forwards = discord.postVoice(closed, user, NOTE);
    const ask = async (channel = direct, isPrivateChannel = false) => {
      const message = discord.postUnseen(channel, user, { forwards });
      const asker = { user, channel, isPrivateChannel };
      return answerTo(discord, discord.interact(channel, readEmotion(message, asker)));
    };
    expect((await ask())[0]).toBe('😢 Sad');
    for (const elsewhere of [ask(open), ask(closed), ask(direct, true)]) {
      expect(await elsewhere).toEqual([EN.errors['author-unknown']]);
    }
  });

  test('says so where a message has no note', async () => {
    const { discord, closed } = await stage.withBot();
    const user = discord.world.addUser();
    const url = discord.cdn.add('/cat.png', NOTE);
    const picture = withFiles({ url, name: 'cat.png', type: 'image/png' });
    for (const message of [{ content: 'Hello' }, picture]) {
      const posted = discord.post(closed, user, message);
      const asked = discord.interact(closed, readEmotion(posted, { user, channel: closed }));
      expect(await answerTo(discord, asked)).toEqual([EN.errors['attachment-missing']]);
    }
  });

  test('says so where the note is gone meanwhile', async () => {
    const { discord, closed } = await stage.withBot();
    const user = discord.world.addUser();
    const note = discord.postVoice(closed, user, NOTE);
    discord.cdn.replace(note.attachments[0].url, { status: 404 });
    const asked = discord.interact(closed, readEmotion(note, { user, channel: closed }));
    expect(await answerTo(discord, asked)).toEqual([EN.errors['attachment-gone']]);
  });
});

test('/undertone read tells about a file that comes with it', async () => {
  const { discord, closed } = await stage.withBot();
  const user = discord.world.addUser();
  const url = discord.cdn.add('/note.wav', NOTE);
  const [attachment] = withFiles({ url, name: 'note.wav' }).attachments ?? [];
  const asked = discord.interact(closed, slashRead(attachment, { user, channel: closed }));
  expect((await answerTo(discord, asked))[0]).toBe('😢 Sad');
  expect(isEphemeral(asked)).toBe(true);
});

describe('/undertone auto', () => {
  test('opens and closes a channel for a moderator, and tells everybody', async () => {
    const { discord, closed } = await stage.withBot();
    const user = discord.world.addUser();
    const asker = { user, channel: closed, permissions: MODERATOR };
    const on = discord.interact(closed, slash('auto on', asker));
    expect(await answerTo(discord, on)).toEqual([EN.automaticOn]);
    expect(isEphemeral(on)).toBe(false);
    const note = discord.postVoice(closed, user, NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
    const off = discord.interact(closed, slash('auto off', asker));
    expect(await answerTo(discord, off)).toEqual([EN.automaticOff]);
    const unheard = discord.postVoice(closed, user, NOTE);
    const direct = discord.world.addDirect(user);
    const last = discord.postVoice(direct, user, NOTE);
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(discord.repliesTo(unheard)).toEqual([]);
  });

  test('in a thread holds for its channel', async () => {
    const before = await stage.set();
    const { discord, closed } = before;
    const thread = discord.world.addThread(closed);
    await stage.start(before);
    const user = discord.world.addUser();
    const asker = { user, channel: thread, permissions: PermissionFlagsBits.ManageGuild };
    await answerTo(discord, discord.interact(thread, slash('auto on', asker)));
    const note = discord.postVoice(closed, user, NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
  });

  test('is refused to everybody else, whatever Discord’s menus show them', async () => {
    const { discord, closed, services } = await stage.withBot();
    const user = discord.world.addUser();
    const permissions = PermissionFlagsBits.SendMessages | PermissionFlagsBits.ManageMessages;
    const asked = discord.interact(
      closed,
      slash('auto on', { user, channel: closed, permissions }),
    );
    expect(await answerTo(discord, asked)).toEqual([EN.moderatorsOnly]);
    expect(isEphemeral(asked)).toBe(true);
    expect(await services.settings.automaticChannels(DISCORD)).not.toContain(closed.id);
  });

  test.each([
    'in a server',
    'between people',
  ])('opens nothing where the bot is not a member, as only the asker has installed it: %s', async (where) => {
    const { discord, closed, services } = await stage.withBot();
    const user = discord.world.addUser();
    const isPrivateChannel = where === 'between people';
    const channel = isPrivateChannel ? discord.world.addDirect(user) : closed;
    const asker = { user, channel, permissions: MODERATOR, isPrivateChannel, isUserInstall: true };
    const on = discord.interact(channel, slash('auto on', asker));
    expect(await answerTo(discord, on)).toEqual([EN.addMe]);
    expect(isEphemeral(on)).toBe(true);
    expect(await services.settings.automaticChannels(DISCORD)).not.toContain(channel.id);
    const off = discord.interact(channel, slash('auto off', asker));
    expect(await answerTo(discord, off)).toEqual([
      isPrivateChannel ? EN.moderatorsOnly : EN.automaticOff,
    ]);
  });

  test('says what the bot lacks where it could not answer, and leaves the channel closed', async () => {
    const { discord, closed, services } = await stage.withBot();
    const thread = discord.world.addThread(closed);
    const user = discord.world.addUser();
    const on = (channel: typeof closed, without: bigint) => {
      const botPermissions = ALL_PERMISSIONS & ~without;
      const asker = { user, channel, permissions: MODERATOR, botPermissions };
      return discord.interact(channel, slash('auto on', asker));
    };
    const { ViewChannel, SendMessages, EmbedLinks } = PermissionFlagsBits;
    const { ReadMessageHistory, SendMessagesInThreads } = PermissionFlagsBits;
    for (const without of [ViewChannel, SendMessages, EmbedLinks, ReadMessageHistory]) {
      const asked = on(closed, without);
      expect(await answerTo(discord, asked)).toEqual([EN.allowMe]);
      expect(isEphemeral(asked)).toBe(true);
    }
    expect(await answerTo(discord, on(thread, SendMessagesInThreads))).toEqual([EN.allowMe]);
    expect(await services.settings.automaticChannels(DISCORD)).not.toContain(closed.id);
    expect(await answerTo(discord, on(closed, SendMessagesInThreads))).toEqual([EN.automaticOn]);
  });

  test('is forgotten when the channel is deleted, and when the server removes the bot', async () => {
    const { discord, open, services } = await stage.set();
    const elsewhere = discord.world.addChannel(discord.world.addGuild());
    await openChannel(services, elsewhere);
    const third = discord.world.addChannel(discord.world.addGuild());
    await openChannel(services, third);
    await stage.start({ discord, open, services, closed: open });
    const left = () => services.settings.automaticChannels(DISCORD);
    discord.deleteChannel(open);
    await vi.waitFor(async () =>
      expect((await left()).sort()).toEqual([elsewhere.id, third.id].sort()),
    );
    if (third.guild) discord.removeBot(third.guild);
    await vi.waitFor(async () => expect(await left()).toEqual([elsewhere.id]));
  });

  test('has nothing to do in a direct message', async () => {
    const { discord } = await stage.withBot();
    const user = discord.world.addUser();
    const channel = discord.world.addDirect(user);
    const asked = discord.interact(channel, slash('auto on', { user, channel }));
    expect(await answerTo(discord, asked)).toEqual([EN.onlyInChannels]);
  });
});

test('/undertone help tells what is left, to whom, and until when', async () => {
  const { discord, open } = await stage.withBot();
  const user = discord.world.addUser();
  const direct = discord.world.addDirect(user);
  const help = async (channel = open) => {
    const asked = discord.interact(channel, slash('help', { user, channel }));
    await answerTo(discord, asked);
    return asked.original?.embeds[0].description;
  };
  expect(await help()).toContain('**Left for you**: 15 of 15 notes.\n');
  const notes = [user, discord.world.addUser()].map((author) =>
    discord.postVoice(open, author, NOTE),
  );
  await discord.until(() => notes.every((note) => discord.repliesTo(note).length === 1));
  const used = await help();
  expect(used).toMatch(/for you\*\*: 14 of 15 notes, and all 15 again in \d+ seconds?\.$/m);
  expect(used).toMatch(/in this channel\*\*: 58 of 60 notes, and all 60 again in \d+ seconds?\.$/);
  expect(await help(direct)).not.toContain('in this channel');
});

test.each(['help', 'about', 'privacy'] as const)('/undertone %s', async (page) => {
  const { discord, closed } = await stage.withBot();
  const user = discord.world.addUser();
  const asked = discord.interact(closed, slash(page, { user, channel: closed }));
  expect(await answerTo(discord, asked)).toEqual([EN[page].title]);
  expect(isEphemeral(asked)).toBe(true);
});

test('commands that nobody knows are answered', async () => {
  const { discord, closed } = await stage.withBot();
  const user = discord.world.addUser();
  const asker = { user, channel: closed };
  for (const fields of [
    slash('dance', asker),
    slash('auto maybe', asker),
    command(asker, { type: 1, name: 'other' }),
  ]) {
    const asked = discord.interact(closed, fields);
    expect(await answerTo(discord, asked)).toEqual([EN.unknownCommand]);
  }
});

describe('the answer is edited', () => {
  /** Has a command acknowledged as the function does it, and returns what the worker does then. */
  function deferred({ discord, services, closed }: Stage) {
    const user = discord.world.addUser();
    const note = discord.postVoice(closed, user, NOTE);
    const asked = discord.begin(closed, readEmotion(note, { user, channel: closed }));
    const acknowledge = () =>
      discord.interactions.answer(asked.id, asked.token, { type: 5, data: { flags: 64 } });
    const rest = interactionRest(discord.api);
    const work = () => handleDiscordJob(asked.payload, { services, rest });
    return { asked, acknowledge, work };
  }

  test('with an embed that Discord takes, without a token of the bot', async () => {
    const staged = await stage.set();
    const { asked, acknowledge, work } = deferred(staged);
    acknowledge();
    await work();
    expect((await answerTo(staged.discord, asked))[0]).toBe('😢 Sad');
  });

  test('when Discord fails, cuts the connection or says to wait', async () => {
    for (const how of [
      { status: 502 },
      { drop: 'before' },
      { drop: 'after' },
      { retryAfter: 0.3 },
    ] as const) {
      const staged = await stage.set();
      const { asked, acknowledge, work } = deferred(staged);
      acknowledge();
      staged.discord.fail({ method: 'PATCH', how });
      await work();
      expect((await answerTo(staged.discord, asked))[0]).toBe('😢 Sad');
    }
  });

  test('when the worker is faster than the first answer', async () => {
    const staged = await stage.set();
    const { asked, acknowledge, work } = deferred(staged);
    const done = work();
    await staged.discord.until(() => staged.discord.requests.some(({ status }) => status === 404));
    acknowledge();
    await done;
    expect((await answerTo(staged.discord, asked))[0]).toBe('😢 Sad');
  });

  test('when the API does not answer, with a sentence', async () => {
    const staged = await stage.set();
    const { asked, acknowledge, work } = deferred({
      ...staged,
      services: { ...staged.services, api: stage.silentApi() },
    });
    const log = captureLog();
    acknowledge();
    await work();
    expect(await answerTo(staged.discord, asked)).toEqual([EN.errors.unavailable]);
    expect(log.join('')).toContain('a note could not be analyzed');
  });

  test('not when the token has expired: that is logged and left', async () => {
    const staged = await stage.set();
    const log = captureLog();
    const { asked, acknowledge, work } = deferred(staged);
    acknowledge();
    asked.hasExpired = true;
    await work();
    expect(log.join('')).toContain('gone before it could be edited');
    expect(log.join('')).not.toContain(asked.token);
  });

  test('not after a quarter of an hour: nothing is fetched then', async () => {
    const staged = await stage.set();
    const log = captureLog();
    const { asked } = deferred(staged);
    const id = snowflakeOf(Date.now() - 16 * 60 * 1000);
    const { services } = staged;
    const rest = interactionRest(staged.discord.api);
    asked.hasExpired = true;
    await handleDiscordJob({ ...asked.payload, id }, { services, rest });
    expect(log.join('')).toContain('too old');
    expect(staged.discord.cdn.requests.size).toBe(0);
    expect(staged.discord.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test.each([-30, 30])('by a clock that is off by %i days', async (days) => {
    const staged = await stage.set();
    const { asked, acknowledge, work } = deferred(staged);
    acknowledge();
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + days * 86_400_000);
    await work();
    expect((await answerTo(staged.discord, asked))[0]).toBe('😢 Sad');
    // Somebody deletes the answer: with a clock behind Discord's it would be looked for until then.
    asked.hasExpired = true;
    await work();
  });

  test('when a setting cannot be saved, with a sentence', async () => {
    const { discord, closed, services } = await stage.set();
    await openChannel(services, closed);
    const log = captureLog();
    const user = discord.world.addUser();
    const asker = { user, channel: closed, permissions: MODERATOR };
    const asked = discord.begin(closed, slash('auto off', asker));
    discord.interactions.answer(asked.id, asked.token, { type: 5 });
    await stage.withoutFolder(() =>
      handleDiscordJob(asked.payload, { services, rest: interactionRest(discord.api) }),
    );
    expect(await answerTo(discord, asked)).toEqual([EN.errors.unavailable]);
    expect(log.join('')).toContain('could not be saved');
  });
});

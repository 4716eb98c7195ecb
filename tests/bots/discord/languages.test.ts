import { PermissionFlagsBits } from 'discord-api-types/v10';
import { expect, test, vi } from 'vitest';
import { stringsFor } from '../../../bots/wording/languages.ts';
import { readEmotion, slash } from '../../support/discord/commands.ts';
import type { LocalInteraction } from '../../support/discord/interactions.ts';
import type { LocalDiscord } from '../../support/discord/server.ts';
import type { LocalChannel } from '../../support/discord/world.ts';
import { NOTE, openChannel, useStage } from './fixture.ts';

const DISCORD = { platform: 'discord', workspace: null } as const;
const stage = useStage();

/** Waits for the whole answer and returns its embeds as they are read. */
async function answerTo(discord: LocalDiscord, asked: LocalInteraction): Promise<string[]> {
  await discord.until(() => asked.original !== null);
  return (asked.original?.embeds ?? []).map((embed) => embed.title ?? embed.description ?? '');
}

/** Somebody posts a note, and this returns the first title of the reply that nobody asked for. */
async function replyIn(discord: LocalDiscord, channel: LocalChannel): Promise<string | undefined> {
  const author = channel.user ?? discord.world.addUser();
  const note = discord.postVoice(channel, author, NOTE);
  await discord.until(() => discord.repliesTo(note).length === 1);
  return discord.repliesTo(note)[0].embeds[0].title;
}

test.each([
  ['de', '😢 Traurig'],
  ['ja', '😢 悲しみ'],
  ['es-419', '😢 Tristeza'],
  ['sv-SE', '😢 Sad'],
  ['xx', '😢 Sad'],
])('who uses Discord in %s is answered "%s", with the notice, and refused in it too', async (locale, title) => {
  const { discord, closed } = await stage.withBot();
  const strings = stringsFor(locale, 'discord');
  const asker = { user: discord.world.addUser(), channel: closed, locale };
  const own = discord.postVoice(closed, asker.user, NOTE);
  const theirs = discord.postVoice(closed, discord.world.addUser(), NOTE);
  const ask = (fields: Record<string, unknown>) =>
    answerTo(discord, discord.interact(closed, fields));
  expect(await ask(readEmotion(own, asker))).toEqual([title, strings.notice]);
  expect(await ask(readEmotion(theirs, asker))).toEqual([strings.errors['not-permitted']]);
  expect(await ask(slash('auto on', asker))).toEqual([strings.moderatorsOnly]);
  expect(await ask(slash('help', asker))).toEqual([strings.help.title]);
  const moderator = { ...asker, permissions: PermissionFlagsBits.ManageGuild };
  expect(await ask(slash('auto on', moderator))).toEqual([strings.automaticOn]);
});

test('how sure it is, what is next and what that means are in the language of the asker', async () => {
  const { discord, closed } = await stage.withBot();
  const asker = { user: discord.world.addUser(), channel: closed, locale: 'de' };
  const note = discord.postVoice(closed, asker.user, NOTE);
  const asked = discord.interact(closed, readEmotion(note, asker));
  await answerTo(discord, asked);
  const [{ description, footer }] = asked.original?.embeds ?? [];
  expect(description).toMatch(/^\*\*zu 80\u00a0% sicher\*\*\n\n`▱/);
  expect(description).toMatch(/` (neutral|ruhig|fröhlich) \d+\u00a0%/);
  expect(footer?.text).toBe('Eine Vermutung über den Klang, nicht darüber, was jemand fühlt.');
});

test('a reply that nobody asked for is in the language of the server, also once that changes', async () => {
  const before = await stage.set();
  const { discord, services } = before;
  const channels: Record<string, LocalChannel> = {};
  for (const preferredLocale of ['ja', 'sv-SE']) {
    const channel = discord.world.addChannel(discord.world.addGuild({ preferredLocale }));
    await openChannel(services, channel);
    channels[preferredLocale] = channel;
  }
  await stage.start(before);
  expect(await replyIn(discord, channels.ja)).toBe('😢 悲しみ');
  expect(await replyIn(discord, channels['sv-SE'])).toBe('😢 Sad');
  discord.changeLocale(channels.ja, 'pt-BR');
  expect(await replyIn(discord, channels.ja)).toBe('😢 Tristeza');
});

test('a direct message is answered in the language in which its author last used a command', async () => {
  const first = await stage.withBot();
  const { discord } = first;
  const user = discord.world.addUser();
  const direct = discord.world.addDirect(user);
  const help = async (locale: string, at: string) => {
    const asked = discord.interact(direct, slash('help', { user, channel: direct, locale }));
    expect(await answerTo(discord, asked)).toEqual([stringsFor(at, 'discord').help.title]);
    // It is remembered once the answer is there.
    await vi.waitFor(async () => {
      expect(await first.services.settings.language(DISCORD, `user:${user.id}`)).toBe(locale);
    });
  };
  expect(await replyIn(discord, direct)).toBe('😢 Sad');
  await help('ja', 'ja');
  expect(await replyIn(discord, direct)).toBe('😢 悲しみ');
  // A restart does not forget it.
  await first.bot.close();
  await stage.start(first);
  expect(await replyIn(discord, direct)).toBe('😢 悲しみ');
  await help('sv-SE', 'en');
  expect(await replyIn(discord, direct)).toBe('😢 Sad');
  const other = discord.world.addDirect(discord.world.addUser());
  expect(await replyIn(discord, other)).toBe('😢 Sad');
});

test('an answer is not lost because the language of its asker cannot be saved', async () => {
  const { discord, closed, services } = await stage.set();
  const broken = { ...services.settings, setLanguage: () => Promise.reject(new Error('full')) };
  const language = () => Promise.reject(new Error('away'));
  const settings = { ...broken, language };
  await stage.start({ discord, closed, open: closed, services: { ...services, settings } });
  const user = discord.world.addUser();
  const asked = discord.interact(closed, slash('help', { user, channel: closed, locale: 'de' }));
  expect(await answerTo(discord, asked)).toEqual(['Was ich kann']);
  expect(await replyIn(discord, discord.world.addDirect(user))).toBe('😢 Sad');
});

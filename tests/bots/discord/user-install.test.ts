import { REST } from '@discordjs/rest';
import { PermissionFlagsBits, Routes } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../bots/discord/commands.ts';
import { readInteraction } from '../../../bots/discord/interaction.ts';
import { handleDiscordJob } from '../../../bots/discord/job.ts';
import { firstAnswer } from '../../../bots/discord/reply.ts';
import { interactionRest, restOptions } from '../../../bots/discord/rest.ts';
import { EN } from '../../../bots/wording/languages.ts';
import { readEmotion, slash, slashRead } from '../../support/discord/commands.ts';
import { isEphemeral, type LocalInteraction } from '../../support/discord/interactions.ts';
import type { LocalDiscord } from '../../support/discord/server.ts';
import { withFiles } from '../../support/discord/world.ts';
import { NOTE, openChannel, type Stage, useStage } from './fixture.ts';

const stage = useStage();

/** Everything by which somebody may be a moderator. */
const ALL = PermissionFlagsBits.Administrator | PermissionFlagsBits.ManageGuild;

/** A place in which the bot is not, and somebody who has installed it for themselves. */
function guestIn(where: string, { discord }: Stage) {
  const user = discord.world.addUser();
  const friend = discord.world.addUser();
  const isPrivateChannel = where === 'a direct message between two people';
  const channel = isPrivateChannel
    ? discord.world.addPrivate(friend)
    : discord.world.addChannel(discord.world.addGuild({ hasBot: false }));
  const asker = { user, channel, permissions: ALL, isPrivateChannel, isUserInstall: true };
  return { user, friend, channel, asker };
}

/** Registers the commands: from then on they are offered where their definition says. */
async function register({ api, token, world, commands }: LocalDiscord): Promise<void> {
  const rest = new REST(restOptions(api)).setToken(token);
  await rest.put(Routes.applicationCommands(world.applicationId), { body: COMMANDS });
  expect(commands.get('global')).toEqual(COMMANDS);
}

async function saidTo(discord: LocalDiscord, interaction: LocalInteraction): Promise<string[]> {
  await discord.until(() => interaction.original !== null);
  const { embeds = [] } = interaction.original ?? {};
  return embeds.map(({ title, description }) => title ?? description ?? '');
}

/** What the bot asked of Discord, apart from connecting: a guest has no other way than the interaction. */
function pathsOf({ requests }: LocalDiscord): string[] {
  return requests
    .map(({ path }) => path)
    .filter((path) => !/^\/(gateway\/bot|users\/@me|applications\/\d+\/commands)$/.test(path));
}

describe.each([
  'a direct message between two people',
  'a server without the bot',
])('the bot of somebody who has installed it for themselves, in %s,', (where) => {
  test('answers about one’s own note, through the interaction and to the asker alone', async () => {
    const staged = await stage.withBot();
    const { discord } = staged;
    await register(discord);
    const { user, friend, channel, asker } = guestIn(where, staged);
    const own = discord.post(channel, user, discord.voice(NOTE));
    const theirs = discord.post(channel, friend, discord.voice(NOTE));
    const asked = [own, theirs].map((note) => discord.interact(channel, readEmotion(note, asker)));
    expect(await saidTo(discord, asked[0])).toEqual(['😢 Sad', EN.notice]);
    expect(await saidTo(discord, asked[1])).toEqual([EN.errors['not-permitted']]);
    const [file] =
      withFiles({ url: discord.cdn.add('/a.wav', NOTE), name: 'a.wav' }).attachments ?? [];
    const sent = discord.interact(channel, slashRead(file, asker));
    expect((await saidTo(discord, sent))[0]).toBe('😢 Sad');
    expect([...asked, sent].map(isEphemeral)).toEqual([true, true, true]);
    expect(discord.said(channel)).toEqual([]);
    expect(discord.typing).toEqual([]);
    for (const path of pathsOf(discord)) expect(path).toMatch(/^\/(interactions|webhooks)\/\d+\//);
    // Of the friend's recording it has not even asked.
    expect(discord.cdn.requests.has(new URL(theirs.attachments[0].url).pathname)).toBe(false);
  });

  test('does so over HTTP as well, without a token of the bot', async () => {
    const staged = await stage.set();
    const { discord, services } = staged;
    const { user, friend, channel, asker } = guestIn(where, staged);
    const answers: string[][] = [];
    for (const author of [user, friend]) {
      const note = discord.post(channel, author, discord.voice(NOTE));
      const asked = discord.begin(channel, readEmotion(note, asker));
      const { response } = firstAnswer(readInteraction(asked.payload), EN);
      discord.interactions.answer(asked.id, asked.token, response);
      await handleDiscordJob(asked.payload, { services, rest: interactionRest(discord.api) });
      answers.push(await saidTo(discord, asked));
      expect(isEphemeral(asked)).toBe(true);
    }
    expect(answers).toEqual([['😢 Sad', EN.notice], [EN.errors['not-permitted']]]);
    for (const path of pathsOf(discord)) expect(path).toMatch(/^\/webhooks\/\d+\//);
  });

  test('opens nothing, and takes nothing for open that was so while the bot was there', async () => {
    const staged = await stage.withBot();
    const { discord, services } = staged;
    const { friend, channel, asker } = guestIn(where, staged);
    const on = discord.interact(channel, slash('auto on', asker));
    expect(await saidTo(discord, on)).toEqual([EN.addMe]);
    await openChannel(services, channel);
    const note = discord.post(channel, friend, discord.voice(NOTE));
    const asked = discord.interact(channel, readEmotion(note, asker));
    expect(await saidTo(discord, asked)).toEqual([EN.errors['not-permitted']]);
    expect(discord.cdn.requests.size).toBe(0);
  });

  test('tells in its help what is left and when all of it is back', async () => {
    const staged = await stage.withBot();
    const { discord } = staged;
    await register(discord);
    const { user, channel, asker } = guestIn(where, staged);
    const help = async () => {
      const asked = discord.interact(channel, slash('help', asker));
      await discord.until(() => asked.original !== null);
      expect(isEphemeral(asked)).toBe(true);
      return asked.original?.embeds[0].description;
    };
    expect(await help()).toMatch(
      /for you\*\*: 15 of 15 notes\.\n\*\*Left in this channel\*\*: 60 of 60 notes\.$/,
    );
    const note = discord.post(channel, user, discord.voice(NOTE));
    await saidTo(discord, discord.interact(channel, readEmotion(note, asker)));
    expect(await help()).toMatch(
      /for you\*\*: 14 of 15 notes, and all 15 again in \d+ seconds?\.\n.*: 59 of 60 notes, and all 60 again in \d+ seconds?\.$/,
    );
  });
});

test('Discord offers no command where its definition does not say so', async () => {
  const staged = await stage.set();
  const { discord } = staged;
  const { channel, asker } = guestIn('a server without the bot', staged);
  const [command] = COMMANDS;
  discord.commands.set('global', [{ ...command, integration_types: [0] }]);
  const note = discord.post(channel, asker.user, discord.voice(NOTE));
  expect(() => discord.begin(channel, readEmotion(note, asker))).toThrow(/does not offer/);
});

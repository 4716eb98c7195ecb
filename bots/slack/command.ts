import type { RespondFn } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import { help } from '../answer.ts';
import type { Place } from '../settings.ts';
import { type SlackMessage, textMessage } from './blocks.ts';
import { type Context, type Speaking, speakingTo } from './listen.ts';
import { type CommandBody, isDirect } from './payloads.ts';
import type { Destination } from './replies.ts';
import { callSlack, isRevoked, slackError } from './web.ts';

type CommandContext = Speaking & { readonly respond: RespondFn };

/** Answers `/undertone …`; only the person who typed it sees the answer. */
export async function runCommand(
  body: CommandBody,
  context: Context & { readonly respond: RespondFn },
): Promise<void> {
  const { channel_id: channel, user_id: user } = body;
  const destination: Destination = {
    channel,
    isDirect: isDirect(channel),
    user,
    root: null,
    isInThread: false,
    respond: context.respond,
  };
  const message = await perform(body, await speakingTo(user, context));
  if (message) await context.replies.toUser(destination, body.trigger_id, message);
}

/** Returns what there is to say, or null if it was said. */
async function perform(body: CommandBody, context: CommandContext): Promise<SlackMessage | null> {
  const { strings } = context.services;
  switch (body.text) {
    case '':
    case 'help': {
      const { title, text } = await help(placeOf(body, context), body.user_id, context.services);
      return textMessage(text, title);
    }
    case 'about':
    case 'privacy': {
      const { title, text } = strings[body.text];
      return textMessage(text, title);
    }
    case 'auto on':
    case 'auto off':
      return setAutomatic(body, body.text === 'auto on', context).catch((thrown) => {
        if (isRevoked(thrown)) throw thrown;
        const error = UndertoneError.from(thrown);
        logEvent('slack: a setting could not be changed', error);
        return textMessage(strings.errors[error.code]);
      });
    default:
      return textMessage(strings.unknownCommand);
  }
}

function placeOf({ channel_id: channel }: CommandBody, { workspace }: Context): Place {
  return {
    platform: 'slack',
    workspace,
    channel,
    isDirect: isDirect(channel),
  };
}

async function setAutomatic(
  body: CommandBody,
  isOn: boolean,
  context: CommandContext,
): Promise<SlackMessage | null> {
  const { services, client } = context;
  const { settings, strings } = services;
  const { team_id, channel_id: channel, user_id: user } = body;
  const place = placeOf(body, context);
  if (place.isDirect) return textMessage(strings.onlyInChannels);
  if (!(await isModerator(user, team_id, client))) return textMessage(strings.moderatorsOnly);
  await settings.setAutomatic(place, isOn);
  if (!isOn) return textMessage(strings.automaticOff);
  const message = textMessage(strings.automaticOn);
  // Only a post shows whether the bot is in the channel: asking would require another scope.
  const post = () => client.chat.postEphemeral({ channel, user, ...message });
  const refusal = await callSlack(post).then(() => null, slackErrorOf);
  if (refusal === null) return null;
  if (!OUTSIDE.has(refusal)) return message;
  await settings.setAutomatic(place, false);
  return textMessage(strings.inviteMe);
}

/** Errors of a post in a channel that the bot is not in. */
const OUTSIDE: ReadonlySet<string> = new Set(['not_in_channel', 'channel_not_found']);

/** @throws anything but a refusal by Slack */
function slackErrorOf(thrown: unknown): string {
  const refusal = slackError(thrown);
  if (refusal === null) throw thrown;
  return refusal;
}

/**
 * Returns whether someone is an admin or owner of this workspace, or of its organization; not of a
 * workspace that shares the channel.
 */
async function isModerator(
  id: string,
  team: string | null | undefined,
  client: Context['client'],
): Promise<boolean> {
  const { user } = await callSlack(() => client.users.info({ user: id })).catch((thrown) => {
    if (slackErrorOf(thrown) === 'user_not_found') return { user: undefined };
    throw thrown;
  });
  if (!user || !team) return false;
  const { enterprise_user: member } = user;
  const isMember = user.team_id === team || member?.teams?.includes(team) === true;
  const isAdmin = user.is_admin || user.is_owner || member?.is_admin || member?.is_owner;
  return isMember && isAdmin === true;
}

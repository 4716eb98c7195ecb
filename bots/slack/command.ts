import type { RespondFn } from '@slack/bolt';
import { UndertoneError } from '../../core/errors.ts';
import type { Place } from '../consent.ts';
import { logEvent } from '../log.ts';
import { EN } from '../wording/en.ts';
import { type Laid, textMessage } from './blocks.ts';
import type { Context } from './listen.ts';
import { type CommandBody, isDirect } from './payloads.ts';
import type { Destination } from './replies.ts';
import { ask, slackError } from './web.ts';

type CommandContext = Context & { readonly respond: RespondFn };

/** Answers `/undertone …`, to the person who typed it. */
export async function runCommand(body: CommandBody, context: CommandContext): Promise<void> {
  const { channel_id: channel, user_id: user } = body;
  const destination: Destination = {
    channel,
    isDirect: isDirect(channel),
    user,
    // No message hangs on a command; a private answer needs none.
    root: '',
    isInThread: false,
    respond: context.respond,
  };
  await context.replies.toUser(destination, body.trigger_id, await perform(body, context));
}

async function perform(body: CommandBody, context: CommandContext): Promise<Laid> {
  const strings = context.services.strings ?? EN;
  const words = body.text.trim().toLowerCase().split(/\s+/).join(' ');
  switch (words) {
    case '':
    case 'help':
    case 'about':
    case 'privacy': {
      const { title, text } = strings[words || 'help'];
      return textMessage(text, title);
    }
    case 'auto on':
    case 'auto off':
      return setAutomatic(body, words === 'auto on', context).catch((thrown) => {
        const error = UndertoneError.from(thrown);
        logEvent('slack: a setting could not be changed', error);
        return textMessage(strings.errors[error.code]);
      });
    default:
      return textMessage(strings.unknownCommand);
  }
}

async function setAutomatic(
  { team_id, channel_id: channel, user_id: user }: CommandBody,
  isOn: boolean,
  { services, client }: CommandContext,
): Promise<Laid> {
  const { settings, strings = EN } = services;
  const place: Place = {
    platform: 'slack',
    workspace: team_id ?? null,
    channel,
    isDirect: isDirect(channel),
  };
  if (place.isDirect) return textMessage(strings.onlyInChannels);
  if (!(await isModerator(user, team_id, client))) return textMessage(strings.moderatorsOnly);
  await settings.setAutomatic(place, isOn);
  return textMessage(isOn ? strings.automaticOn : strings.automaticOff);
}

/** Admins and owners of this workspace; those of one that shares the channel have no say here. */
async function isModerator(
  id: string,
  team: string | null | undefined,
  client: Context['client'],
): Promise<boolean> {
  const { user } = await ask(() => client.users.info({ user: id })).catch((thrown) => {
    if (slackError(thrown) === 'user_not_found') return { user: undefined };
    throw thrown;
  });
  return user?.team_id === team && (user?.is_admin || user?.is_owner) === true;
}

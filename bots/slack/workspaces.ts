import { type Authorize, type AuthorizeResult, webApi } from '@slack/bolt';
import {
  type InstallationQuery,
  InstallProvider,
  type AuthorizeResult as OAuthResult,
} from '@slack/oauth';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import type { Encryption } from '../encryption.ts';
import { type Installations, notInstalled } from './installations.ts';
import { boltLogger, callSlack, clientOptions, isRemoved } from './web.ts';

/** Bot token scopes, as in manifest.json, where docs/slack.md explains them. */
export const SCOPES = [
  'app_mentions:read',
  'channels:history',
  'chat:write',
  'commands',
  'files:read',
  'groups:history',
  'im:history',
  'users:read',
] as const;

/** Finds the token that answers a payload of Slack. */
export interface Workspaces {
  /** Whether there is one token: if Slack revokes it, the bot cannot go on. */
  readonly isOne: boolean;
  /**
   * Returns the token for a payload.
   *
   * @throws UndertoneError `unauthorized` if its workspace has not installed the app; `unavailable`;
   * `configuration-invalid` if its installation cannot be decrypted
   */
  readonly authorize: Authorize<boolean>;
  /**
   * Forgets the token of a workspace that has removed the app, as Slack says: perhaps late, when it was
   * installed again, or about another token than the one in use. So a token that works is kept.
   *
   * @returns whether the workspace has no token now
   * @throws UndertoneError if Slack cannot be asked
   */
  remove(workspace: string): Promise<boolean>;
  /**
   * Asks Slack about all tokens, and forgets those that it no longer accepts.
   *
   * @returns the workspaces that have removed the app
   * @throws UndertoneError `configuration-invalid` if there is one token, and Slack does not accept it
   */
  check(): Promise<readonly string[]>;
}

/**
 * Returns the one workspace that a bot token belongs to. The owner of a token does not change, so it is
 * looked up once.
 *
 * @param apiUrl address of the Web API if it is not Slack's own
 * @example
 * await handleSlackJob(payload, { services, workspaces: oneWorkspace(botToken) });
 */
export function oneWorkspace(botToken: string, apiUrl?: string): Workspaces {
  let identity: Promise<AuthorizeResult> | undefined;
  const identified = () => {
    if (!identity) {
      identity = identify(new webApi.WebClient(botToken, clientOptions(apiUrl)));
      identity.catch(() => {
        identity = undefined;
      });
    }
    return identity;
  };
  return {
    isOne: true,
    authorize: async () => ({ botToken, ...(await identified()) }),
    remove: async () => true,
    async check() {
      await identified();
      return [];
    },
  };
}

/** Asks Slack whose token this is. */
async function identify(client: webApi.WebClient): Promise<AuthorizeResult> {
  const { bot_id: botId, user_id: botUserId } = await callSlack(() => client.auth.test());
  if (!botId || !botUserId) {
    throw new UndertoneError(
      'configuration-invalid',
      'UNDERTONE_SLACK_BOT_TOKEN is not the token of a bot. Use the "Bot User OAuth Token" from the page "OAuth & Permissions", which begins with xoxb-.',
    );
  }
  return { botId, botUserId };
}

/** An app that any workspace can install. */
export interface DistributedApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly encryption: Encryption;
  readonly installations: Installations;
  /** Address of the Web API if it is not Slack's own. */
  readonly apiUrl?: string | undefined;
}

/** How long a person may take to install the app, in seconds. */
export const STATE_SECONDS = 600;

/** Returns what runs Slack's side of an installation, and renews tokens that expire. */
export function installProvider({
  clientId,
  clientSecret,
  encryption,
  installations,
  apiUrl,
}: DistributedApp): InstallProvider {
  const logger = boltLogger();
  return new InstallProvider({
    clientId,
    clientSecret,
    installationStore: installations,
    stateSecret: encryption.derive('state of Slack installations'),
    stateCookieExpirationSeconds: STATE_SECONDS,
    // The prefix makes browsers refuse one that another site of the same domain has set (RFC 6265bis).
    stateCookieName: '__Host-slack-install-state',
    installUrlOptions: { scopes: [...SCOPES] },
    // The page is ours; see install.ts.
    directInstall: true,
    ...(apiUrl && { authorizationUrl: new URL('/oauth/v2/authorize', apiUrl).href }),
    clientOptions: clientOptions(apiUrl),
    // Who gets an error that is thrown logs it.
    logger: { ...logger, error: (what) => what instanceof Error || logger.error(what) },
  });
}

/**
 * Returns all workspaces that have installed the app. A token that expires within two hours is renewed
 * first, if token rotation is on.
 *
 * @example
 * const workspaces = installedWorkspaces({ clientId, clientSecret, encryption, installations });
 */
export function installedWorkspaces(app: DistributedApp): Workspaces {
  const { installations, apiUrl } = app;
  const provider = installProvider(app);
  /** Under way: two events must not both use up the token that renews. */
  const authorizing = new Map<string, Promise<AuthorizeResult>>();
  const authorize = (query: InstallationQuery<boolean>): Promise<AuthorizeResult> => {
    const id = `${query.isEnterpriseInstall ? query.enterpriseId : query.teamId}`;
    const running = authorizing.get(id);
    if (running) return running;
    const started = unexpired(() => provider.authorize(query))
      .catch((thrown: { readonly original?: unknown }) => Promise.reject(thrown.original ?? thrown))
      .finally(() => authorizing.delete(id));
    authorizing.set(id, started);
    return started;
  };
  /** Returns why Slack does not accept the token of a workspace; null if it does. */
  async function refusalOf(id: string): Promise<UndertoneError | null> {
    try {
      const { botToken } = await authorize(queryFor(id));
      const client = new webApi.WebClient(`${botToken}`, clientOptions(apiUrl));
      await callSlack(() => client.auth.test());
      return null;
    } catch (thrown) {
      return thrown instanceof UndertoneError ? thrown : slackAway(thrown);
    }
  }
  return {
    isOne: false,
    async authorize(source) {
      const { teamId } = source;
      const result = await authorize(source as InstallationQuery<boolean>);
      // An organization's token serves several teams: each call names the one that it is for.
      return { ...result, ...(teamId && { teamId }) };
    },
    async remove(workspace) {
      const now = secondsNow();
      const refusal = await refusalOf(workspace);
      if (!refusal) return false;
      if (!GONE.has(refusal.code)) throw refusal;
      return installations.remove(workspace, now);
    },
    async check() {
      const removed: string[] = [];
      for (const id of await installations.ids()) {
        const now = secondsNow();
        const refusal = await refusalOf(id);
        if (refusal && !isRemoved(refusal))
          logEvent('slack: a token could not be checked', refusal);
        if (isRemoved(refusal) && (await installations.remove(id, now))) removed.push(id);
      }
      return removed;
    },
  };
}

/**
 * Returns a token that has not expired. InstallProvider uses the one it has when it cannot renew it: perhaps
 * another process has done so, or Slack takes it the second time.
 *
 * @throws UndertoneError `unauthorized`: what renews it is lost or was used, for example because the new
 * token could not be stored
 */
async function unexpired(authorize: () => Promise<OAuthResult>): Promise<OAuthResult> {
  for (let tries = 0; tries < 2; tries++) {
    const result = await authorize();
    if ((result.botTokenExpiresAt ?? Number.POSITIVE_INFINITY) > secondsNow()) return result;
  }
  throw notInstalled();
}

/** Codes of tokens that cannot be used: Slack does not accept them, they are not there, or unreadable. */
const GONE: ReadonlySet<string> = new Set(['configuration-invalid', 'unauthorized']);

function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function slackAway(cause: unknown): UndertoneError {
  return new UndertoneError('unavailable', 'Slack cannot be asked about a token right now.', {
    cause,
  });
}

/** Ids of organizations begin with E. */
function queryFor(id: string): InstallationQuery<boolean> {
  return id.startsWith('E')
    ? { isEnterpriseInstall: true, enterpriseId: id, teamId: undefined }
    : { isEnterpriseInstall: false, enterpriseId: undefined, teamId: id };
}

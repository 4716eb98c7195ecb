import { randomBytes } from 'node:crypto';
import { type Args, Refusal } from './methods.ts';
import { APP, type Workspace } from './workspace.ts';

/** What a token opens. */
export interface Grant {
  readonly workspace: Workspace;
  /** Whether it is for all workspaces of the organization. */
  readonly isOrgWide: boolean;
  readonly refreshToken?: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Refusal of every call, once it is revoked. */
  refusal: string | null;
}

export interface OAuthOptions {
  readonly scopes: ReadonlySet<string>;
  /** Seconds for which tokens are good, with token rotation; for ever without it. */
  tokenSeconds: number | null;
}

interface Code {
  readonly workspace: Workspace;
  readonly isOrgWide: boolean;
  readonly redirectUri: string | null;
}

/** The tokens of an app, and how workspaces give them to it. https://docs.slack.dev/authentication/installing-with-oauth */
export class OAuth {
  readonly clientId = '1234567890.0987654321';
  readonly clientSecret = 'test-client-secret-0123456789abcdef';
  readonly grants = new Map<string, Grant>();
  /** Times that a token was renewed. */
  renewals = 0;
  readonly options: OAuthOptions;
  readonly #codes = new Map<string, Code>();

  constructor(options: OAuthOptions) {
    this.options = options;
  }

  /**
   * Somebody allows what a page of the app leads to, and Slack leads back.
   *
   * @param link of the page
   * @returns the query with which the browser comes back to the app
   */
  allow(link: string, workspace: Workspace, { isOrgWide = false } = {}): URLSearchParams {
    const { pathname, searchParams } = new URL(link);
    if (pathname !== '/oauth/v2/authorize') throw new Error(`Slack has nothing at ${pathname}.`);
    if (searchParams.get('client_id') !== this.clientId) throw new Refusal('invalid_client_id');
    const asked = (searchParams.get('scope') ?? '').split(',');
    const unknown = asked.filter((scope) => !this.options.scopes.has(scope));
    if (unknown.length > 0 || asked.length !== this.options.scopes.size) {
      throw new Error(`The app asks for ${asked}, and its manifest for others.`);
    }
    const code = `code-${randomBytes(8).toString('hex')}`;
    const redirectUri = searchParams.get('redirect_uri');
    this.#codes.set(code, { workspace, isOrgWide, redirectUri });
    return new URLSearchParams({ code, state: searchParams.get('state') ?? '' });
  }

  /** Gives a token for a code, or renews one. */
  exchange(args: Args<'oauth.v2.access'>): object {
    if (args.client_id !== this.clientId) throw new Refusal('invalid_client_id');
    if (args.client_secret !== this.clientSecret) throw new Refusal('bad_client_secret');
    if (args.grant_type === 'refresh_token') return this.#renew(args.refresh_token);
    const code = this.#codes.get(args.code ?? '');
    if (!code) throw new Refusal('invalid_code');
    this.#codes.delete(args.code ?? '');
    if ((args.redirect_uri ?? null) !== code.redirectUri) throw new Refusal('bad_redirect_uri');
    return this.#give(code);
  }

  /** The workspace, or its organization, removes the app. */
  revoke(workspace: Workspace): void {
    for (const grant of this.grants.values()) {
      if (grant.workspace === workspace) grant.refusal = 'token_revoked';
    }
  }

  #renew(refreshToken: string | undefined): object {
    const found = [...this.grants].find(
      ([, grant]) => grant.refreshToken && grant.refreshToken === refreshToken,
    );
    if (!found || found[1].refusal) throw new Refusal('invalid_refresh_token');
    const [token, { refreshToken: _, ...grant }] = found;
    // It can be used once; the token that it came with is good until it expires.
    this.grants.set(token, grant);
    this.renewals++;
    const { token_type, access_token, refresh_token, expires_in } = this.#give(grant);
    return { token_type, access_token, refresh_token, expires_in };
  }

  #give({ workspace, isOrgWide }: Pick<Code, 'workspace' | 'isOrgWide'>) {
    const { tokenSeconds, scopes } = this.options;
    const isRotated = tokenSeconds !== null;
    const random = randomBytes(12).toString('hex');
    const token = `${isRotated ? 'xoxe.xoxb' : 'xoxb'}-${random}`;
    const refreshToken = `xoxe-1-${random}`;
    this.grants.set(token, {
      workspace,
      isOrgWide,
      ...(isRotated && { refreshToken }),
      expiresAt: isRotated ? Date.now() + tokenSeconds * 1000 : Number.POSITIVE_INFINITY,
      refusal: null,
    });
    const { team, enterprise, bot } = workspace;
    return {
      access_token: token,
      token_type: 'bot',
      scope: [...scopes].join(','),
      bot_user_id: bot.user,
      app_id: APP,
      team: isOrgWide ? null : { id: team, name: 'A "team" of <somebody>' },
      enterprise: enterprise && { id: enterprise, name: 'An organization' },
      authed_user: { id: 'U0INSTALLER' },
      is_enterprise_install: isOrgWide,
      ...(isRotated && { refresh_token: refreshToken, expires_in: tokenSeconds }),
    };
  }
}

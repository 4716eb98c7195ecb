import { createHash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { CodedError, Installation } from '@slack/oauth';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import { REDIRECT_PATH } from './payloads.ts';
import { slackError } from './web.ts';
import { type DistributedApp, installProvider } from './workspaces.ts';

/** What the pages say, in English as the errors that they show. Empty lines separate paragraphs. */
export const INSTALL = {
  title: 'Undertone for Slack',
  text: [
    'Undertone tells how a voice note sounds. It names one of eight emotions, or says that it is not sure. People ask about their own notes, and only they see the answer. Everyone’s notes are answered only in channels that an admin has opened.',
    'It fetches a recording when someone asks, analyzes it and forgets it. It is often wrong: what it says is a guess about a sound, not a fact about a person.',
    '**In the EU it is illegal to infer people’s emotions at work or in education** (AI Act, Art. 5(1)(f)): don’t install it in a workspace that people use for their job or their studies. Elsewhere people must be told about it (Art. 50(3)).',
    'Slack shows you next what Undertone may read and write. To remove it, use the page of your installed apps in Slack: all that is stored about your workspace is then deleted.',
  ].join('\n\n'),
  button: 'Add to Slack',
  done: {
    title: 'Undertone is installed',
    text: 'Open **Undertone** under **Apps** in Slack and send it a voice note. `/undertone help` shows what else it can do. Tell people about it before they use it.',
    button: 'Open Slack',
  },
  doneForOrganization: {
    title: 'Undertone is installed in your organization',
    text: 'It is in none of your workspaces yet: choose next in which it may be used. Tell people about it before they use it.',
    button: 'Choose workspaces',
  },
  /** Its text is that of the error. */
  failed: { title: 'Undertone was not installed', button: 'Start again' },
} as const;

/** Answers the pages of the installation. Never rejects. */
export type InstallPages = (request: Request) => Promise<Response>;

/**
 * Returns the two pages with which a workspace installs the app: one that says what it does and leads to
 * Slack, and one to which Slack leads back with a code, for which the token is fetched and stored.
 *
 * Only the browser that began an installation can finish it, within ten minutes: the state that goes
 * through Slack is signed, expires, and has to match a cookie. Otherwise somebody could make others
 * finish an installation that they have not begun.
 *
 * @example
 * const pages = installPages({ clientId, clientSecret, encryption, installations });
 * await pages(new Request('https://bot.example/slack/install')); // 200, text/html
 */
export function installPages(app: DistributedApp): InstallPages {
  const provider = installProvider(app);

  async function begin(exchange: Exchange): Promise<Response> {
    await provider.handleInstallPath(exchange.request, exchange.response);
    const { title, text, button } = INSTALL;
    const link = String(exchange.response.getHeader('location'));
    return exchange.page({ title, text, link: { href: link, text: button } });
  }

  async function finish(exchange: Exchange): Promise<Response> {
    const { request, response } = exchange;
    const installed = await new Promise<Installation>((resolve, reject) => {
      const options = {
        success: resolve,
        failure: (error: CodedError) => reject(failureOf(error)),
      };
      provider.handleCallback(request, response, options).catch(reject);
    });
    const { isEnterpriseInstall = false, enterpriseUrl, appId, team } = installed;
    const { title, text, button } = isEnterpriseInstall
      ? INSTALL.doneForOrganization
      : INSTALL.done;
    const href = isEnterpriseInstall
      ? `${enterpriseUrl}manage/organization/apps/profile/${appId}/workspaces/add`
      : `https://app.slack.com/client/${team?.id}`;
    return exchange.page({ title, text, link: { href, text: button } });
  }

  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const exchange = new Exchange(request, pathname + search);
    try {
      return await (pathname.endsWith(REDIRECT_PATH) ? finish(exchange) : begin(exchange));
    } catch (thrown) {
      const error = UndertoneError.from(thrown);
      if (error.status >= 500) logEvent('slack: an installation failed', error);
      const { title, button } = INSTALL.failed;
      const text = `${error.message}\n\n\`${error.code}\``;
      return exchange.page({ title, text, link: { href: START, text: button } }, error.status);
    }
  };
}

/** The first page, relative to the second one, whatever precedes both in the address. */
const START = 'install';

/** A request and its response in the form that InstallProvider takes, which is older than the web's own. */
class Exchange {
  readonly request = new IncomingMessage(new Socket());
  /** Collects headers; what is written to it goes nowhere. */
  readonly response = new ServerResponse(this.request);

  constructor({ headers }: Request, url: string) {
    this.request.url = url;
    this.request.headers.cookie = headers.get('cookie') ?? '';
    // For a base address, of which nothing is used.
    this.request.headers.host = 'localhost';
  }

  /** Returns a page, with the cookie that was set. */
  page(content: PageContent, status = 200): Response {
    const cookie = this.response.getHeader('set-cookie');
    const headers = { ...PAGE_HEADERS, ...(cookie && { 'set-cookie': `${cookie}; SameSite=Lax` }) };
    return new Response(render(content), { status, headers });
  }
}

/** Errors of InstallProvider and of Slack about a request that does not finish an installation. */
const UNFINISHED: ReadonlySet<string> = new Set([
  'slack_oauth_missing_state',
  'slack_oauth_invalid_state',
  'slack_oauth_missing_code',
]);
const UNUSABLE_CODE: ReadonlySet<string> = new Set([
  'invalid_code',
  'code_already_used',
  'bad_code',
]);
const UNUSABLE_APP: ReadonlySet<string> = new Set([
  'bad_client_secret',
  'bad_redirect_uri',
  'invalid_client_id',
  'invalid_team_for_non_distributed_app',
]);

function failureOf(error: CodedError | UndertoneError): UndertoneError {
  if (error instanceof UndertoneError) return error;
  const refusal = slackError(error) ?? '';
  if (error.code === 'slack_oauth_installer_authorization_error') {
    return new UndertoneError(
      'not-permitted',
      'The installation was cancelled in Slack, and nothing was installed. Start again if that was not intended.',
      { cause: error },
    );
  }
  if (UNFINISHED.has(error.code) || UNUSABLE_CODE.has(refusal)) {
    return new UndertoneError(
      'parameter-invalid',
      'This installation was begun in another browser or more than ten minutes ago, or it is finished already. Start again, in this browser and with cookies allowed.',
      { cause: error },
    );
  }
  if (UNUSABLE_APP.has(refusal)) {
    return new UndertoneError(
      'configuration-invalid',
      `Slack does not let this app be installed (${refusal}). Whoever runs it has to compare its client id, client secret, redirect URL and distribution with its pages at api.slack.com/apps.`,
      { cause: error },
    );
  }
  return new UndertoneError(
    'unavailable',
    'Slack could not be reached to finish the installation. Start again in a minute.',
    { cause: error },
  );
}

interface PageContent {
  readonly title: string;
  /** Paragraphs, separated by empty lines; `**strong**` and `` `code` ``. */
  readonly text: string;
  readonly link: { readonly href: string; readonly text: string };
}

const STYLE =
  'body{max-width:34rem;margin:12vh auto;padding:0 1.25rem;font:1.05rem/1.6 system-ui,sans-serif;color:#1f1b2e;background:#fff}h1{font-size:1.6rem;line-height:1.2}a{display:inline-block;margin-top:.5rem;padding:.6rem 1.1rem;border-radius:.5rem;background:#3b2f63;color:#fff;text-decoration:none}a:focus-visible{outline:3px solid #b39ddb}@media(prefers-color-scheme:dark){body{color:#eceaf4;background:#15121f}a{background:#cbbcf6;color:#15121f}}';

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function render({ title, text, link }: PageContent): string {
  const paragraphs = text.split('\n\n').map((paragraph) => `<p>${marked(paragraph)}</p>`);
  return [
    `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>`,
    ...paragraphs,
    `<p><a href="${escaped(link.href)}">${escaped(link.text)}</a></p></body></html>`,
  ].join('\n');
}

function marked(text: string): string {
  return escaped(text)
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
}

import type { Counterpart } from './counterpart.ts';
import type { Workspace } from './workspace.ts';

/** A page as a browser gets it. */
export interface Page {
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

/** Asks the app for a page, with the cookie that the browser holds. */
export type Get = (pathAndQuery: string, cookie: string) => Promise<Page>;

/** A browser with which somebody installs the app. */
export class Visitor {
  cookie = '';
  readonly #get: Get;

  constructor(get: Get) {
    this.#get = get;
  }

  async open(pathAndQuery: string): Promise<Page> {
    const page = await this.#get(pathAndQuery, this.cookie);
    const cookie = page.headers.get('set-cookie');
    if (cookie) this.cookie = /Expires=Thu, 01 Jan 1970/.test(cookie) ? '' : cookie.split(';')[0];
    return page;
  }

  /** Opens the first page, and returns what its button leads to. */
  async begin(): Promise<string> {
    const { html } = await this.open('/slack/install');
    const [, href = ''] = /<a href="([^"]*)"/.exec(html) ?? [];
    return href.replaceAll('&amp;', '&');
  }

  /** Slack leads back with a query. */
  comeBack(query: URLSearchParams): Promise<Page> {
    return this.open(`/slack/oauth_redirect?${query}`);
  }

  /** Installs the app in a workspace, or in its organization. */
  async install(
    slack: Counterpart,
    workspace: Workspace,
    options: { readonly isOrgWide?: boolean } = {},
  ): Promise<Page> {
    return this.comeBack(slack.oauth.allow(await this.begin(), workspace, options));
  }
}

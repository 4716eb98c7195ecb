import { type InstallPages, installPages } from '../bots/slack/install.ts';
import { UndertoneError } from '../core/index.ts';
import { slackSecrets } from './chat/secrets.ts';
import { distributedApp } from './chat/slack.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { slackInstall } from './routes.ts';

let known: { readonly secrets: string; readonly pages: InstallPages } | undefined;

/**
 * `GET /slack/install` and `GET /slack/oauth_redirect`: the pages with which a workspace of Slack
 * installs the app.
 */
export const answer = handle(slackInstall, async ({ request }) => (await pages())(request));

export const handler = lambda(answer);

async function pages(): Promise<InstallPages> {
  const secrets = await slackSecrets();
  if ('botToken' in secrets) {
    throw new UndertoneError(
      'not-found',
      'This Slack app is set up for one workspace and cannot be installed by others. docs/slack.md explains how to let them.',
    );
  }
  const text = JSON.stringify(secrets);
  if (known?.secrets !== text)
    known = { secrets: text, pages: installPages(distributedApp(secrets)) };
  return known.pages;
}

import { type App, type Receiver, webApi } from '@slack/bolt';
import type { Services } from '../answer.ts';
import { type Identity, identify, slackApp } from './app.ts';
import { type Intake, intake } from './intake.ts';
import { clientOptions } from './web.ts';

export interface SlackJobServices {
  /** Its `hosts` are those of `slackHosts`. */
  readonly services: Services;
  readonly botToken: string;
  /** Address of the Web API where it is not Slack's own. */
  readonly apiUrl?: string | undefined;
}

export interface SlackJobOptions {
  readonly isRepeated?: boolean;
  readonly signal?: AbortSignal;
}

/** Who a token belongs to does not change: asked once for as long as the process lives. */
let known: { readonly token: string; readonly identity: Promise<Identity> } | undefined;

/**
 * Does what a payload of Slack asks for, and answers it: always, also when that fails, and then with a
 * sentence that says why.
 *
 * @param payload an event, a command or a shortcut as Slack sent it, verified and parsed
 * @param options.isRepeated whether an earlier attempt at the same job may have come as far as its
 * answer: then it is looked up first
 * @param options.signal ends the hearing of notes, which are answered with a sentence then
 * @throws what kept the answer from getting to Slack, when another try later may do better
 * @example
 * await handleSlackJob(job.payload, { services, botToken });
 */
export async function handleSlackJob(
  payload: unknown,
  { services, botToken, apiUrl }: SlackJobServices,
  { isRepeated = false, signal }: SlackJobOptions = {},
): Promise<void> {
  const taken = intake(payload);
  if (!taken) return;
  const identity = await identityOf(botToken, apiUrl);
  const receiver = new JobReceiver();
  slackApp({
    ...{ services, botToken, apiUrl, identity, receiver, isRepeated, signal },
    schedule: (_, work) => work(),
  });
  await receiver.receive(taken.payload);
}

async function identityOf(token: string, apiUrl: string | undefined): Promise<Identity> {
  if (known?.token !== token) {
    const identity = identify(new webApi.WebClient(token, clientOptions(apiUrl)));
    known = { token, identity };
    identity.catch(() => {
      known = undefined;
    });
  }
  return known.identity;
}

/** Bolt's end of the queue: what was acknowledged before it was put in there is acknowledged no more. */
class JobReceiver implements Receiver {
  #app: App | undefined;

  init(app: App): void {
    this.#app = app;
  }

  async receive(body: Intake['payload']): Promise<void> {
    await this.#app?.processEvent({ body, ack: async () => {} });
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

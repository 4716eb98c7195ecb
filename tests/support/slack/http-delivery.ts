import { createHmac } from 'node:crypto';
import pLimit from 'p-limit';
import { ChannelQueue } from '../../../bots/channel-queue.ts';

/** One request as Slack sends it to the address of an app. */
export interface SlackRequest {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SlackAnswer {
  readonly status: number;
  readonly body: string;
}

/** Gives a request to the app and returns what it answers. */
export type Deliver = (request: SlackRequest) => Promise<SlackAnswer>;

export interface Signing {
  readonly secret: string;
  /** Seconds since 1970; now, by default. */
  readonly timestamp?: number | string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Signs a body. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function signedRequest(body: string | Buffer, signing: Signing): SlackRequest {
  const { secret, timestamp = Math.floor(Date.now() / 1000) } = signing;
  const bytes = Buffer.from(body);
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(bytes);
  return {
    body: bytes,
    headers: {
      'Content-Type': signing.contentType ?? 'application/json',
      'User-Agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'X-Slack-Request-Timestamp': String(timestamp),
      'X-Slack-Signature': `v0=${signature.digest('hex')}`,
      ...signing.headers,
    },
  };
}

const MAX_RETRIES = 3;
/** Events that are under way at a time: a function on Lambda has as many instances. */
const MAX_IN_FLIGHT = 16;

export interface HttpDeliveryOptions {
  readonly secret: string;
  /** Milliseconds that an acknowledgement may take. */
  readonly ackMs: number;
  readonly deliver: Deliver;
}

/** Slack's side of the Events API over HTTP. */
export class HttpDelivery {
  readonly #options: HttpDeliveryOptions;
  readonly answers: SlackAnswer[] = [];
  retries = 0;
  #inFlight = 0;
  readonly #channels = new ChannelQueue();
  readonly #limit = pLimit(MAX_IN_FLIGHT);

  constructor(options: HttpDeliveryOptions) {
    this.#options = options;
  }

  get isQuiet(): boolean {
    return this.#inFlight === 0;
  }

  /**
   * Sends an event, up to three times more where it is not acknowledged in time; those of one channel one
   * after another, so that it is known which came first.
   */
  event(body: object, channel: string): void {
    this.#inFlight++;
    this.#channels.add(channel, async () => {
      await this.#limit(() => this.#attempt(body));
      this.#inFlight--;
    });
  }

  async #attempt(body: object): Promise<void> {
    for (let attempt = 0; attempt <= MAX_RETRIES; attempt++) {
      const headers: Record<string, string> =
        attempt > 0
          ? { 'X-Slack-Retry-Num': String(attempt), 'X-Slack-Retry-Reason': 'http_timeout' }
          : {};
      if (attempt > 0) this.retries++;
      const answer = await this.#send(JSON.stringify(body), 'application/json', headers, attempt);
      if (answer && answer.status >= 200 && answer.status < 300) break;
    }
  }

  async command(body: Record<string, string>): Promise<void> {
    this.#inFlight++;
    await this.#send(new URLSearchParams(body).toString(), FORM);
    this.#inFlight--;
  }

  async interaction(body: object): Promise<void> {
    this.#inFlight++;
    await this.#send(new URLSearchParams({ payload: JSON.stringify(body) }).toString(), FORM);
    this.#inFlight--;
  }

  /** Returns the answer, or null where none came in time. */
  async #send(
    text: string,
    contentType: string,
    headers: Record<string, string> = {},
    attempt = 0,
  ): Promise<SlackAnswer | null> {
    const { secret, ackMs, deliver } = this.#options;
    // The attempts lie seconds apart on Slack, and here sometimes in the same one.
    const timestamp = Math.floor(Date.now() / 1000) + attempt;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), ackMs);
    });
    const answer = await Promise.race([
      deliver(signedRequest(text, { secret, contentType, headers, timestamp })),
      late,
    ]);
    clearTimeout(timer);
    if (answer) this.answers.push(answer);
    return answer;
  }
}

const FORM = 'application/x-www-form-urlencoded';

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { close, listen } from './listen.ts';
import { ARGUMENTS, type MethodName, responseUrlSchema } from './message-rules.ts';
import { perform, Refusal } from './methods.ts';
import type { OAuth } from './oauth.ts';
import { RateLimit } from './rate-limit.ts';
import { SocketMode } from './socket-mode.ts';
import { slackId, type Workspace } from './workspace.ts';

/** What the next call of a method meets instead of its answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly isDone?: boolean }
  | { readonly kind: 'refusal'; readonly error: string }
  | { readonly kind: 'rate-limited'; readonly seconds: number }
  /** The connection ends; with `isDone` after the work was done. */
  | { readonly kind: 'cut'; readonly isDone?: boolean }
  /** Nothing comes. */
  | { readonly kind: 'silence' };

export interface Call {
  readonly method: string;
  readonly args: Readonly<Record<string, string>>;
  readonly status: number;
  /** What was answered to `ok: false`. */
  readonly error?: string;
}

export interface ApiServerOptions {
  /** Of the token that was copied by hand. */
  readonly workspace: Workspace;
  /** All of them. */
  readonly workspaces: readonly Workspace[];
  readonly oauth: OAuth;
  readonly scopes: ReadonlySet<string>;
  readonly botToken: string;
  readonly appToken: string;
  readonly postsInARow: number;
  readonly ackMs: number;
}

interface ResponseUrl {
  readonly workspace: Workspace;
  readonly channel: string;
  readonly user: string;
  uses: number;
}

const MAX_RESPONSES = 5;

/** The Web API, addresses for answers to commands and shortcuts, and the WebSocket of Socket Mode. */
export class ApiServer {
  readonly calls: Call[] = [];
  readonly socket: SocketMode;
  readonly rates: RateLimit;
  /** Refusal of every call with the token, once it is revoked. */
  botRefusal: string | null = null;
  appRefusal: string | null = null;
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #faults = new Map<string, Fault[]>();
  readonly #responseUrls = new Map<string, ResponseUrl>();
  #host = '';

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.socket = new SocketMode(options.ackMs);
    this.rates = new RateLimit(options.postsInARow);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
    this.#server.on('upgrade', (request, socket, head) =>
      this.socket.upgrade(request, socket, head),
    );
  }

  async start(): Promise<void> {
    this.#host = await listen(this.#server);
  }

  get url(): string {
    return `http://${this.#host}/api/`;
  }

  async close(): Promise<void> {
    this.socket.close();
    await close(this.#server);
  }

  /** Has the next calls of a method fail, one fault each. `response_url` counts as a method. */
  fail(method: MethodName | 'response_url', ...faults: readonly Fault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  newResponseUrl(channel: string, user: string, workspace = this.#options.workspace): string {
    const id = slackId('R');
    this.#responseUrls.set(id, { workspace, channel, user, uses: 0 });
    return `http://${this.#host}/response/${id}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const body = await text(request);
    const [, method] = /^\/api\/([\w.]+)$/.exec(path) ?? [];
    if (method) return this.#call(method, request, body, response);
    const [, responseId] = /^\/response\/(\w+)$/.exec(path) ?? [];
    if (responseId) return this.#respond(responseId, body, response);
    response.writeHead(404).end();
  }

  #call(method: string, request: IncomingMessage, body: string, response: ServerResponse): void {
    const args = Object.fromEntries(new URLSearchParams(body));
    const record = (status: number, error?: string) =>
      this.calls.push({ method, args, status, ...(error && { error }) });
    const run = () => this.#answer(method, args, request.headers.authorization);
    const fault = this.#faults.get(method)?.shift();
    if (fault && this.#disturb(fault, response, run, record)) return;
    const isPost = method.startsWith('chat.');
    const wait = isPost ? this.rates.take(`${method} ${args.channel}`) : null;
    if (wait !== null) {
      record(429);
      refuseRate(response, wait);
      return;
    }
    const result = run();
    record(200, 'error' in result ? String(result.error) : undefined);
    answerJson(response, 200, result);
  }

  /** Plays a fault and returns whether that was the whole answer. */
  #disturb(
    fault: Fault,
    response: ServerResponse,
    run: () => object,
    record: (status: number, error?: string) => void,
  ): boolean {
    switch (fault.kind) {
      case 'refusal':
        record(200, fault.error);
        answerJson(response, 200, { ok: false, error: fault.error });
        return true;
      case 'rate-limited':
        record(429);
        refuseRate(response, fault.seconds);
        return true;
      case 'status':
        if (fault.isDone) run();
        record(fault.status);
        response.writeHead(fault.status, { 'content-type': 'text/html' }).end('<html></html>');
        return true;
      case 'silence':
        return true;
      case 'cut':
        if (fault.isDone) run();
        record(0);
        response.destroy();
        return true;
    }
  }

  #answer(method: string, args: Record<string, string>, authorization?: string) {
    const { scopes, oauth } = this.#options;
    try {
      if (!Object.hasOwn(ARGUMENTS, method)) throw new Refusal('unknown_method');
      const token = args.token || authorization?.replace(/^Bearer /, '');
      const workspace = this.#workspaceFor(method as MethodName, token, args.team_id);
      const openSocket = () => `ws://${this.#host}${this.socket.newTicket()}`;
      const exchange = oauth.exchange.bind(oauth);
      return {
        ok: true,
        ...perform(method as MethodName, args, { workspace, scopes, openSocket, exchange }),
      };
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      return { ok: false, error: thrown.message, ...thrown.details };
    }
  }

  /** Returns the workspace that a token is good for. */
  #workspaceFor(method: MethodName, token: string | undefined, team?: string): Workspace {
    const { workspace, workspaces, oauth, botToken, appToken } = this.#options;
    if (method === 'oauth.v2.access') return workspace;
    if (!token) throw new Refusal('not_authed');
    const grant = oauth.grants.get(token);
    if (method === 'apps.connections.open') {
      if (token === botToken || grant) throw new Refusal('not_allowed_token_type');
      if (token !== appToken) throw new Refusal('invalid_auth');
      if (this.appRefusal) throw new Refusal(this.appRefusal);
      return workspace;
    }
    if (token === botToken) {
      if (this.botRefusal) throw new Refusal(this.botRefusal);
      return workspace;
    }
    if (!grant) throw new Refusal('invalid_auth');
    if (grant.refusal) throw new Refusal(grant.refusal);
    if (grant.expiresAt < Date.now()) throw new Refusal('token_expired');
    if (!grant.isOrgWide) return grant.workspace;
    const { enterprise } = grant.workspace;
    const member = workspaces.find((each) => each.enterprise === enterprise && each.team === team);
    if (!member && method !== 'auth.test') throw new Refusal('missing_argument');
    return member ?? grant.workspace;
  }

  #respond(id: string, body: string, response: ServerResponse): void {
    const target = this.#responseUrls.get(id);
    const record = (status: number) =>
      this.calls.push({ method: 'response_url', args: { body }, status });
    if (!target) {
      record(404);
      response.writeHead(404).end('expired_url');
      return;
    }
    const run = () => this.#useResponseUrl(target, body);
    const fault = this.#faults.get('response_url')?.shift();
    if (fault && this.#disturb(fault, response, run, record)) return;
    const status = run() as { status: number };
    record(status.status);
    response.writeHead(status.status).end(status.status === 200 ? 'ok' : 'invalid_payload');
  }

  #useResponseUrl(target: ResponseUrl, body: string): { status: number } {
    const { workspace } = target;
    if (++target.uses > MAX_RESPONSES) return { status: 404 };
    const parsed = responseUrlSchema.safeParse(JSON.parse(body));
    if (!parsed.success || (!parsed.data.text && !parsed.data.blocks)) return { status: 400 };
    const { text: said = '', blocks, response_type: type, thread_ts: threadTs } = parsed.data;
    const shared = { channel: target.channel, text: said, ...(blocks && { blocks }) };
    if (type === 'in_channel') {
      const { user, id: botId } = workspace.bot;
      workspace.add({ ...shared, user, botId, files: [] });
    } else {
      const where = threadTs ? { threadTs } : {};
      workspace.ephemerals.push({ ...shared, ...where, user: target.user, via: 'response_url' });
    }
    return { status: 200 };
  }
}

function refuseRate(response: ServerResponse, seconds: number): void {
  response
    .writeHead(429, { 'content-type': 'application/json', 'retry-after': String(seconds) })
    .end('{"ok":false,"error":"ratelimited"}');
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

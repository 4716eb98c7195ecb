import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { UndertoneError } from '../../core/index.ts';
import type { DiscordBot } from './gateway.ts';

/**
 * Milliseconds without an acknowledged heartbeat after which the connection counts as lost for good. Four
 * are due in that time; the client reconnects by itself within seconds if it can.
 */
const PATIENCE = 3 * 60_000;

/**
 * Says on the loopback address whether a bot is connected, for whatever restarts it: 200 if it is, 503 if
 * Discord has not acknowledged a heartbeat for three minutes. A process that hangs says nothing.
 *
 * @throws UndertoneError `port-taken`
 * @example
 * const health = await startHealth(8080, bot);
 */
export async function startHealth(
  port: number,
  bot: Pick<DiscordBot, 'lastHeartbeat'>,
): Promise<Server> {
  const startedAt = Date.now();
  const server = createServer((_, response) => {
    const isConnected = Date.now() - (bot.lastHeartbeat() ?? startedAt) < PATIENCE;
    response.writeHead(isConnected ? 200 : 503).end(isConnected ? 'connected\n' : 'lost\n');
  });
  // It must not keep a bot alive that has ended.
  server.unref().listen(port, '127.0.0.1');
  await once(server, 'listening').catch((cause) => {
    throw new UndertoneError(
      'port-taken',
      `Nothing can listen at port ${port} of 127.0.0.1. Set UNDERTONE_HEALTH_PORT to a free port, or unset it.`,
      { cause },
    );
  });
  return server;
}

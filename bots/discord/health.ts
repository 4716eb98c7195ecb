import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { UndertoneError } from '../../core/index.ts';
import type { Shard } from './client.ts';

/**
 * Milliseconds without an acknowledged heartbeat after which a connection counts as lost for good. Four
 * are due in that time; the client reconnects by itself within seconds if it can.
 */
const PATIENCE = 3 * 60_000;
/** Milliseconds between the logins of two connections, which each has to wait for those before it. */
const LOGIN_INTERVAL = 6000;

/** What the bot says about itself, as JSON. */
interface Health {
  readonly status: 'connected' | 'lost';
  readonly shards: readonly {
    readonly id: number;
    /** Since the last acknowledged heartbeat; null before the first. */
    readonly seconds: number | null;
    readonly isLost: boolean;
  }[];
}

/**
 * Says on the loopback address whether a bot is connected, for whatever restarts it: 200 if it is or is
 * about to be, 503 if Discord has not acknowledged a heartbeat of one of its connections for three minutes.
 * With several connections it waits longer, as they log in one after another. A process that hangs says
 * nothing.
 *
 * @throws UndertoneError `port-taken`
 * @example
 * const health = await startHealth(8080, bot);
 */
export async function startHealth(
  port: number,
  bot: { shards(): readonly Shard[] },
): Promise<Server> {
  const startedAt = Date.now();
  const server = createServer((_, response) => {
    const health = healthOf(bot.shards(), startedAt);
    response.writeHead(health.status === 'connected' ? 200 : 503, {
      'content-type': 'application/json',
    });
    response.end(`${JSON.stringify(health)}\n`);
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

function healthOf(shards: readonly Shard[], startedAt: number): Health {
  const now = Date.now();
  const patience = PATIENCE + LOGIN_INTERVAL * Math.max(0, shards.length - 1);
  const each = shards.map(({ id, lastHeartbeat }) => ({
    id,
    seconds: lastHeartbeat === null ? null : Math.round((now - lastHeartbeat) / 1000),
    isLost: now - (lastHeartbeat ?? startedAt) >= patience,
  }));
  // Before Discord has said how many there are, there is none.
  const isLost =
    shards.length > 0 ? each.some((shard) => shard.isLost) : now - startedAt >= patience;
  return { status: isLost ? 'lost' : 'connected', shards: each };
}

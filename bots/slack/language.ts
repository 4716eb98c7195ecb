import { setTimeout as sleep } from 'node:timers/promises';
import type { webApi } from '@slack/bolt';
import { logEvent } from '../../lib/log.ts';
import { Recent } from '../recent.ts';
import { stringsFor } from '../wording/languages.ts';
import type { Strings } from '../wording/strings.ts';
import { isRevocation, secondsToWait, slackError } from './web.ts';

/** Milliseconds that answers wait to learn a language; they are in English until it is known. */
const PATIENCE = 1000;
/** Milliseconds for which a language is known, and for which nobody asks again after a failure. */
const KNOWN_FOR = 60 * 60_000;
const UNKNOWN_FOR = 10 * 60_000;
const MAX_PEOPLE = 10_000;
const MAX_WORKSPACES = 1000;

/** Times are in milliseconds on the clock of this process. */
interface Known {
  readonly locale: Promise<string | null>;
  /** Until when answers wait for it. */
  readonly deadline: number;
  /** Until when it holds; without end while the call is under way. */
  until: number;
}

/** Shared by all jobs of a process: on AWS each of them has a client of its own. */
const people = new Recent<Known>(MAX_PEOPLE);
/** Until when Slack takes no calls from a workspace, because there were too many. */
const pauses = new Recent<number>(MAX_WORKSPACES);

export interface Person {
  readonly workspace: string | null;
  readonly user: string;
}

/**
 * Returns what to say to a person, in the language of their Slack: `users.info` with `include_locale`,
 * for which the app needs the scope `users:read`. In English if Slack does not tell it within a second:
 * no answer fails or waits for a language.
 *
 * @example
 * const { unknownCommand } = await stringsForPerson({ workspace: 'T1', user: 'U1' }, client);
 */
export async function stringsForPerson(person: Person, client: webApi.WebClient): Promise<Strings> {
  const key = `${person.workspace}:${person.user}`;
  let known = people.get(key);
  if (!known || known.until < performance.now()) {
    if ((pauses.get(String(person.workspace)) ?? 0) > performance.now()) {
      return stringsFor(null, 'slack');
    }
    known = lookUp(person, client);
    people.set(key, known);
  }
  // What comes too late serves the next answer.
  const late = sleep(Math.max(0, known.deadline - performance.now()), null, { ref: false });
  return stringsFor(await Promise.race([known.locale, late]), 'slack');
}

/** Returns the same for somebody of whom Slack cannot be asked, from what it said in the last hour. */
export async function stringsKnownFor({ workspace, user }: Person): Promise<Strings> {
  const known = people.get(`${workspace}:${user}`);
  const isKnown = known !== undefined && Number.isFinite(known.until);
  return stringsFor(isKnown ? await known.locale : null, 'slack');
}

function lookUp({ workspace, user }: Person, client: webApi.WebClient): Known {
  const known: Known = {
    locale: client.users.info({ user, include_locale: true }).then(
      ({ user: found }) => {
        known.until = performance.now() + KNOWN_FOR;
        return found?.locale ?? null;
      },
      (thrown) => {
        const seconds = secondsToWait(thrown);
        const refusal = slackError(thrown);
        const isOut = refusal !== null && isRevocation(refusal);
        // A workspace that has removed the app may install it again at once.
        const pause = isOut ? 0 : seconds === null ? UNKNOWN_FOR : seconds * 1000;
        known.until = performance.now() + pause;
        if (seconds !== null) pauses.set(String(workspace), known.until);
        const reason = seconds === null ? refusal : 'ratelimited';
        logEvent(`slack: the language of a person is not known (${reason ?? 'no answer'})`);
        return null;
      },
    ),
    deadline: performance.now() + PATIENCE,
    until: Infinity,
  };
  return known;
}

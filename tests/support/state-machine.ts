import jsonata from 'jsonata';

/** What is used of the Amazon States Language (https://states-language.net), with JSONata. */
export interface StateMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

interface State {
  readonly Type: 'Pass' | 'Task';
  readonly Resource?: string;
  readonly Arguments?: unknown;
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly Retry?: readonly { readonly ErrorEquals: string[]; readonly MaxAttempts: number }[];
  readonly Next?: string;
  readonly End?: boolean;
}

export interface RunOptions {
  /** When the run began. */
  readonly startTime: string;
  /** Does the work of a task. What it throws is a failed task. */
  readonly task: (resource: string, argument: unknown, state: string) => Promise<unknown>;
  /** Called after each state. */
  readonly after?: (state: string) => Promise<void>;
}

/**
 * Runs a state machine as Step Functions does, without waiting between tries.
 *
 * @throws what the last try of a task threw
 */
export async function runStateMachine(
  { StartAt, States }: StateMachine,
  { startTime, task, after }: RunOptions,
): Promise<void> {
  const variables: Record<string, unknown> = {};
  const context = { Execution: { StartTime: startTime } };
  let input: unknown = {};
  for (let name: string | undefined = StartAt; name !== undefined; ) {
    const state: State = States[name];
    const states = { context, input, result: undefined as unknown };
    const value = (text: unknown) => evaluate(text, { ...variables, states });
    if (state.Type === 'Task') {
      states.result = await tried(state, name, await value(state.Arguments), task);
      input = states.result;
    }
    Object.assign(variables, await value(state.Assign ?? {}));
    await after?.(name);
    name = state.End ? undefined : state.Next;
  }
}

async function tried(
  { Resource = '', Retry: [retry] = [] }: State,
  name: string,
  argument: unknown,
  task: RunOptions['task'],
): Promise<unknown> {
  for (let tries = 0; ; tries++) {
    try {
      return await task(Resource, argument, name);
    } catch (thrown) {
      if (tries >= (retry?.MaxAttempts ?? 0)) throw thrown;
    }
  }
}

/** Evaluates what stands between `{%` and `%}`, at any depth. Nothing is not a value. */
async function evaluate(value: unknown, variables: Record<string, unknown>): Promise<unknown> {
  if (typeof value === 'string') {
    const [, expression] = /^\{%(.*)%\}$/s.exec(value) ?? [];
    if (expression === undefined) return value;
    const result = await jsonata(expression).evaluate(null, variables);
    if (result === undefined) throw new Error(`${expression} is undefined.`);
    return result;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, inner]) => [key, await evaluate(inner, variables)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

import { ERROR_TABLE, type ErrorCode } from '../../core/errors.ts';
import { type Problem, problemSchema } from '../http/schemas.ts';
import { textHeader } from './headers.ts';

/** What any route may answer. */
const ANYWHERE: readonly ErrorCode[] = ['unauthorized', 'rate-limited', 'internal'];

const schema = problemSchema.meta({
  id: 'Problem',
  description:
    'Problem details (RFC 9457). `code` is stable and meant for programs, `detail` for people.',
});

/** Returns the responses that stand for problems, by status, with an example of each code. */
export function problemResponses(codes: readonly ErrorCode[]) {
  const all = [...codes, ...ANYWHERE];
  const statuses = [...new Set(all.map((code) => ERROR_TABLE[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const here = all.filter((code) => ERROR_TABLE[code].status === status);
      return [String(status), problemResponse(status, here)];
    }),
  );
}

function problemResponse(status: number, codes: readonly ErrorCode[]) {
  const retry = status === 429 || status === 503;
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_TABLE[code].title}`).join('. '),
    headers: {
      'X-Request-Id': textHeader('the request id'),
      ...(retry && { 'Retry-After': textHeader('seconds after which another try makes sense') }),
    },
    content: {
      'application/problem+json': {
        schema,
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
      },
    },
  };
}

function example(code: ErrorCode): Problem {
  const { status, title } = ERROR_TABLE[code];
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail: `${title}.`,
    code,
    instance: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  };
}

import { classify } from '../core/classify.ts';
import { withoutTimeline } from '../core/verdict.ts';
import { readAudio } from './http/body.ts';
import { httpHandler } from './http/handler.ts';
import { readQuery } from './http/query.ts';
import { json } from './http/respond.ts';

/**
 * `POST /v1/emotion`: the recording is the body, or the part `file` of a multipart form. Answers a
 * Verdict; with `?timeline=false` one without its timeline.
 */
export const handler = httpHandler(async (event) => {
  const { timeline } = readQuery(event);
  const verdict = await classify(await readAudio(event));
  return json(timeline ? verdict : withoutTimeline(verdict), { 'cache-control': 'no-store' });
});

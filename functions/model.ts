import { findModelFolder, readCard } from '../core/model/folder.ts';
import { cachedJson } from './http/cached.ts';
import { httpHandler } from './http/handler.ts';

/** Seconds for which a client may keep the card without asking again. */
const MAX_AGE = 60;

/**
 * `GET /v1/model`: the card of the model that answers here. 304 when `If-None-Match` names the
 * card that the client already has.
 */
export const handler = httpHandler(async (event) =>
  cachedJson(event, await readCard(findModelFolder()), MAX_AGE),
);

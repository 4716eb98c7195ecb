import { findModelFolder, readCard } from '../core/index.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { model } from './routes.ts';

/** `GET /v1/model`: the card of the model that answers here. */
export const answer = handle(model, async ({ respond }) =>
  respond(200, await readCard(findModelFolder())),
);

export const handler = lambda(answer);

import { cachedJson } from './http/cached.ts';
import { httpHandler } from './http/handler.ts';
import { openApiDocument } from './openapi/document.ts';

/** Seconds for which a client may keep the document without asking again. */
const MAX_AGE = 300;

const document = openApiDocument();

/** `GET /openapi.json`: the description of this API, OpenAPI 3.1. */
export const handler = httpHandler(async (event) => cachedJson(event, document, MAX_AGE));

import { ApiError } from './api.js';

/**
 * Loads a part of the page that not everybody uses, by its path below this file.
 *
 * @throws ApiError with a sentence for the visitor
 */
export async function load(path) {
  try {
    return await import(path);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ApiError(
      'This part of the page could not be loaded: the server does not answer. Try again.',
      { code: 'unreachable' },
    );
  }
}

/** What Discord answers to a request that it does not carry out. */
export class Refusal extends Error {
  readonly status: number;
  /** Discord's own code, as in its list of JSON error codes. */
  readonly code: number;
  readonly errors: unknown;

  constructor(status: number, code: number, message: string, errors?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export const unauthorized = () => new Refusal(401, 0, '401: Unauthorized');
export const unknownRoute = () => new Refusal(404, 0, '404: Not Found');
export const unknownChannel = () => new Refusal(404, 10003, 'Unknown Channel');
export const unknownMessage = () => new Refusal(404, 10008, 'Unknown Message');
export const unknownWebhook = () => new Refusal(404, 10015, 'Unknown Webhook');
export const unknownInteraction = () => new Refusal(404, 10062, 'Unknown interaction');
export const acknowledgedBefore = () =>
  new Refusal(400, 40060, 'Interaction has already been acknowledged.');
export const missingAccess = () => new Refusal(403, 50001, 'Missing Access');
export const emptyMessage = () => new Refusal(400, 50006, 'Cannot send an empty message');
export const missingPermissions = () => new Refusal(403, 50013, 'Missing Permissions');
export const noHistory = () =>
  new Refusal(400, 160002, 'Cannot reply without permission to read message history');
export const invalidWebhookToken = () => new Refusal(401, 50027, 'Invalid Webhook Token');

/** A body with something in it that Discord does not take. */
export function invalidBody(path: string, code: string, message: string): Refusal {
  const errors = path
    .split('.')
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), { _errors: [{ code, message }] });
  return new Refusal(400, 50035, 'Invalid Form Body', errors);
}

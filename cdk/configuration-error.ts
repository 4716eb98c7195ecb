/** What the person who deploys can put right: its message says how, and a stack would only be noise. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

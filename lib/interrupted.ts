/**
 * Resolves at the first SIGINT or SIGTERM, so that work in progress can finish. A second signal ends the
 * process at once.
 */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

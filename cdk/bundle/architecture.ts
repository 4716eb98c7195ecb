/** The processors that Lambda offers, as AWS names them. */
export type Architecture = 'arm64' | 'x86_64';

/** The same, as Node and npm packages name them. */
export const NODE_ARCH = { arm64: 'arm64', x86_64: 'x64' } as const satisfies Record<
  Architecture,
  string
>;

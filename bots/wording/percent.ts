import type { Strings } from './strings.ts';

/** Returns what writes a share in whole percent, as the language does. */
export function percentIn({ language }: Strings): (share: number) => string {
  const format = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  return (share) => format.format(share);
}

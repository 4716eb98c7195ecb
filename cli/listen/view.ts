import type { LiveSummary, LiveVerdict } from '../../core/index.ts';

/** How a stream is shown while it runs. Each function returns what is written to stdout. */
export interface LiveView {
  begin(source: string): string;
  verdict(verdict: LiveVerdict): string;
  end(summary: LiveSummary): string;
}

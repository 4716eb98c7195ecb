import type { LiveView } from './view.ts';

/** One line of JSON for each verdict and the summary: the messages of the WebSocket `/v1/live`. */
export function jsonView(): LiveView {
  return {
    begin: () => '',
    verdict: (verdict) => `${JSON.stringify({ type: 'verdict', ...verdict })}\n`,
    end: (summary) => `${JSON.stringify({ type: 'summary', ...summary })}\n`,
  };
}

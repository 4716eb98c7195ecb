import { prefersCalm } from '../dom.js';
import { createCard } from './card.js';
import { classify } from './classify.js';
import { offerDownloads, showTable } from './table.js';

/**
 * Classifies recordings one by one, in the order in which they came, and shows the outcome of each.
 *
 * @param places the `list` of cards, the `table` of several recordings and the `status` for screen readers
 * @param threshold returns the confidence below which the model says "uncertain"; null if unknown
 * @returns add(recordings)
 */
export function createAnswers({ list, table, status, threshold }) {
  const answers = [];
  let queue = Promise.resolve();
  offerDownloads(table, () =>
    answers.flatMap(({ name, outcome }) => (outcome ? [{ file: name, ...outcome }] : [])),
  );
  const refresh = () => showTable(table, answers);
  // Nobody waits any more when the visitor leaves, and uploads are deleted.
  addEventListener('pagehide', () => {
    for (const { attempt } of answers) attempt.abort();
  });

  function create({ file, name = file.name, isOwn = false }) {
    const answer = { file, name, outcome: null, attempt: null };
    answer.card = createCard(
      { file, name, isOwn },
      {
        cancel: () => answer.attempt.abort(),
        again: () => enqueue(answer),
        send: () => enqueue(answer, true),
        remove() {
          answer.attempt.abort();
          answers.splice(answers.indexOf(answer), 1);
          answer.card.remove();
          refresh();
        },
      },
    );
    return answer;
  }

  function enqueue(answer, onServer = false) {
    const attempt = new AbortController();
    answer.attempt = attempt;
    answer.outcome = null;
    attempt.signal.addEventListener('abort', () => {
      if (!answer.outcome) answer.card.showCancelled();
    });
    answer.card.showWaiting();
    refresh();
    queue = queue.then(() => process(answer, attempt.signal, onServer));
  }

  async function process(answer, signal, onServer) {
    // Nothing is sent for a recording that was cancelled or removed while it waited.
    if (signal.aborted) return;
    const { card, file, name } = answer;
    card.showListening();
    const say = (sentence) => {
      status.textContent = `${name}: ${sentence}`;
    };
    try {
      const verdict = await classify(file, {
        signal,
        onServer,
        onLoading: card.showLoading,
        onHearing: card.showHearing,
        onSending(share) {
          if (share === 0) say('Sending.');
          card.showSending(share);
        },
        onSent: card.showListening,
      });
      answer.outcome = { verdict };
      say(card.showVerdict(verdict, threshold()));
    } catch (error) {
      if (signal.aborted) return;
      answer.outcome = { error };
      say(card.showFailure(error));
    }
    refresh();
  }

  return function add(recordings) {
    const created = recordings.map(create);
    answers.unshift(...created);
    list.prepend(...created.map(({ card }) => card.element));
    for (const answer of created) enqueue(answer);
    created[0]?.card.element.scrollIntoView({
      behavior: prefersCalm() ? 'instant' : 'smooth',
      block: 'nearest',
    });
  };
}

import { load } from '../api.js';
import { clone, download, element, mark } from '../dom.js';
import { clock, explain, headline, headlineParts, percent, shares, size } from '../words.js';
import { createBars } from './bars.js';
import { createPlayer } from './player.js';
import { createTimeline } from './timeline.js';

/** Stands for a pause, where a stretch is expected. */
const PAUSE = {};
/** The states in which the visitor waits, and can cancel. */
const BUSY = new Set(['waiting', 'loading', 'sending', 'listening']);
/** Milliseconds after which the card says that the answer takes long. */
const SLOW = 8000;

/**
 * Returns the card of one recording: waiting, sending, listening, and finally its verdict or failure.
 *
 * @param recording `file`, `name` (for people) and `isOwn`: whether it was recorded here
 * @param actions the actions of the buttons: `cancel`, `again`, `send` (to the server) and `remove`
 */
export function createCard({ file, name, isOwn }, actions) {
  const root = clone('#card-template').firstElementChild;
  const body = root.querySelector('.card-body');
  const removal = new AbortController();
  const buttons = {};
  for (const action of ['cancel', 'again', 'send', 'save', 'remove']) {
    const button = root.querySelector(`.card-${action}`);
    button.setAttribute('aria-label', `${button.textContent}: ${name}`);
    button.addEventListener('click', () =>
      action === 'save' ? download(file, name) : actions[action](),
    );
    buttons[action] = button;
  }
  buttons.save.hidden = !isOwn;
  root.querySelector('.card-name').textContent = name;

  let late;
  const show = (state, emotion, child, { canRetry = false, offersServer = false } = {}) => {
    clearTimeout(late);
    const isBusy = BUSY.has(state);
    // The focus would be lost with the hidden button.
    const held = [buttons.cancel, buttons.again, buttons.send].includes(document.activeElement);
    root.dataset.state = state;
    root.dataset.emotion = emotion;
    root.setAttribute('aria-busy', String(isBusy));
    buttons.cancel.hidden = !isBusy;
    buttons.again.hidden = !canRetry;
    buttons.send.hidden = !offersServer;
    body.replaceChildren(child);
    if (held)
      (isBusy ? buttons.cancel : buttons.again.hidden ? buttons.remove : buttons.again).focus();
  };
  const showBusy = (state, text, ...more) => {
    const view = clone('#busy-template');
    const line = view.querySelector('.busy');
    line.textContent = text;
    line.after(...more);
    show(state, '', view);
    return line;
  };
  let progress;
  /** Shows a share of some work, which takes a while. */
  const showShare = (state, share, label, text) => {
    if (root.dataset.state !== state) {
      const bar = element('progress', { class: 'progress', max: 1, 'aria-label': label });
      progress = { bar, line: showBusy(state, '', bar) };
    }
    progress.bar.value = share;
    progress.line.textContent = text;
  };

  return {
    element: root,
    showWaiting() {
      showBusy('waiting', 'Waiting for its turn');
    },
    /** Shows the share of the recording that is sent; only for uploads, which take a while. */
    showSending(share) {
      const text = `Sending: ${percent(share)} of ${size(file.size)}`;
      showShare('sending', share, `Sending ${name}`, text);
    },
    /** Shows the share of the analyzer for this device that is loaded. */
    showLoading(share) {
      const text = `Loading the analyzer: ${percent(share)}`;
      showShare('loading', share, `Loading, for ${name}`, text);
    },
    /** Shows the share of a long recording that this device has classified. */
    showHearing(share) {
      if (root.dataset.state !== 'listening') showBusy('listening', 'Listening');
      root.querySelector('.busy').textContent = `Listening: ${percent(share)}`;
    },
    showListening() {
      const line = showBusy('listening', 'Listening');
      late = setTimeout(() => {
        line.textContent = 'Still listening: long notes and busy servers take a while';
      }, SLOW);
    },
    /** Returns the shown text as one sentence. */
    showVerdict(verdict, threshold) {
      const sentence = explain(verdict, threshold);
      root.querySelector('.card-length').textContent = clock(verdict.duration);
      show(
        'heard',
        verdict.emotion,
        verdictView({ verdict, sentence, file, signal: removal.signal }),
      );
      return `${headline(verdict)}. ${sentence}`;
    },
    /** Returns the shown text as one sentence. */
    showFailure({ message, code, requestId, canRetry, offersServer }) {
      const reference = [code, requestId && `request ${requestId}`].filter(Boolean).join(', ');
      show('failed', 'error', plainView('error', 'No answer', message, reference), {
        canRetry,
        offersServer,
      });
      return message;
    },
    showCancelled() {
      show(
        'cancelled',
        'no-speech',
        plainView('no-speech', 'Cancelled', 'You can try again whenever you like.', ''),
        { canRetry: true },
      );
    },
    remove() {
      removal.abort();
      clearTimeout(late);
      const next = root.nextElementSibling ?? root.previousElementSibling;
      root.remove();
      // The focus would be lost with the removed button.
      (next?.querySelector('.card-remove') ?? document.querySelector('#file')).focus();
    },
  };
}

function verdictView({ verdict, sentence, file, signal }) {
  const { probabilities, timeline = [], summary } = verdict;
  const view = clone('#verdict-template');
  view
    .querySelector('.emotion')
    .append(
      ...headlineParts(verdict).map(({ label, text }) =>
        element('span', { 'data-emotion': label }, mark(label), text),
      ),
    );
  view.querySelector('.sentence').textContent = sentence;
  const section = view.querySelector('.player');
  const stretchAt = (seconds) =>
    timeline.find(({ start, end }) => seconds >= start && seconds < end);
  const player = createPlayer(section, { file, verdict, signal, stretchAt });
  // A single stretch adds nothing to the verdict.
  const strip =
    timeline.length > 1
      ? createTimeline(section, { timeline, duration: verdict.duration }, player)
      : null;
  if (probabilities) {
    const bars = createBars(probabilities);
    const all = view.querySelector('.all');
    all.hidden = false;
    all.append(bars.element);
    if (strip) {
      view.querySelector('.shares').textContent = shares(summary);
      playAlong(section, { scope: view.querySelector('.scope'), bars, strip, stretchAt });
    }
  }
  inspectWhenOpened(view.querySelector('.inspect'), {
    file,
    player,
    section,
    duration: verdict.duration,
    signal,
  });
  return view;
}

/** Highlights the stretch being played and shows its probabilities; otherwise those of the whole note. */
function playAlong(section, { scope, bars, strip, stretchAt }) {
  let before;
  const show = (seconds) => {
    const stretch = seconds === null ? null : (stretchAt(seconds) ?? PAUSE);
    if (stretch === before) return;
    before = stretch;
    strip.light(stretch);
    if (stretch === null) {
      scope.textContent = 'the whole note';
      bars.showWhole();
    } else if (stretch === PAUSE) {
      scope.textContent = 'no one is speaking here';
      bars.showNone();
    } else {
      scope.textContent = `from ${clock(stretch.start)} to ${clock(stretch.end)}`;
      bars.show(stretch.probabilities);
    }
  };
  section.addEventListener('moment', ({ detail: seconds }) => show(seconds));
  show(null);
}

/** Loads the plots of the sound when they are opened for the first time. */
function inspectWhenOpened(details, options) {
  const open = async () => {
    details.removeEventListener('toggle', open);
    const place = details.querySelector('.inspect-body');
    try {
      const { inspect } = await load('./sound/inspect.js');
      await inspect(place, options);
    } catch (error) {
      place.replaceChildren(element('p', {}, error.message));
      details.addEventListener('toggle', open);
    }
  };
  details.addEventListener('toggle', open);
}

function plainView(label, heading, sentence, reference) {
  return element(
    'div',
    { class: 'plain' },
    element('p', { class: 'emotion' }, element('span', {}, mark(label), heading)),
    element('p', { class: 'sentence' }, sentence),
    element('p', { class: 'reference', hidden: !reference }, reference),
  );
}

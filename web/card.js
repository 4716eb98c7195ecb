import { createTimeline } from './timeline.js';
import { explain, percent, ranked, title } from './words.js';

/**
 * Returns the card of one file: its player, and later its verdict or its error. `signal` is aborted
 * when the visitor removes the card.
 */
export function createCard(file) {
  const element = clone('#card-template').firstElementChild;
  const body = element.querySelector('.card-body');
  const audio = createPlayer(file);
  const removal = new AbortController();
  element.querySelector('.card-name').textContent = file.name;
  element.querySelector('.card-head').after(audio);
  const remove = element.querySelector('.card-remove');
  remove.setAttribute('aria-label', `Remove ${file.name}`);
  remove.addEventListener('click', () => {
    removal.abort();
    audio.pause();
    URL.revokeObjectURL(audio.src);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    // The focus would be lost with the button that had it.
    (next?.querySelector('.card-remove') ?? document.querySelector('#file')).focus();
  });

  const show = (state, emotion, ...children) => {
    element.dataset.state = state;
    element.dataset.emotion = emotion;
    element.setAttribute('aria-busy', String(state === 'waiting' || state === 'listening'));
    body.replaceChildren(...children);
  };
  show('waiting', '', paragraph('busy', 'Waiting for its turn'));

  return {
    element,
    signal: removal.signal,
    showListening() {
      show('listening', '', paragraph('busy', 'Listening'));
    },
    /** Returns what was shown as one sentence. */
    showVerdict(verdict, threshold) {
      show('heard', verdict.emotion, verdictView(verdict, threshold, audio));
      return `${title(verdict.emotion)}. ${explain(verdict, threshold)}`;
    },
    /** Returns what was shown as one sentence. */
    showError(error) {
      audio.hidden = true;
      show('failed', 'error', errorView(error));
      return error.message;
    },
  };
}

function createPlayer(file) {
  const audio = new Audio();
  audio.className = 'card-audio';
  audio.controls = true;
  audio.preload = 'metadata';
  audio.setAttribute('aria-label', `Play ${file.name}`);
  audio.addEventListener('error', () => {
    // A format that this browser cannot play was heard all the same.
    audio.hidden = true;
  });
  audio.src = URL.createObjectURL(file);
  return audio;
}

function verdictView(verdict, threshold, audio) {
  const view = clone('#verdict-template');
  view.querySelector('.emotion').textContent = title(verdict.emotion);
  view.querySelector('.sentence').textContent = explain(verdict, threshold);
  // One stretch says nothing that the verdict has not said.
  if (verdict.timeline.length > 1) createTimeline(view.querySelector('.timeline'), verdict, audio);
  if (verdict.probabilities) {
    view.querySelector('.all').hidden = false;
    view.querySelector('.bars').append(...ranked(verdict.probabilities).map(bar));
  }
  return view;
}

function bar([emotion, probability]) {
  const item = document.createElement('li');
  item.dataset.emotion = emotion;
  const track = span('bar-track', '');
  const fill = span('bar-fill', '');
  fill.style.width = `${probability * 100}%`;
  track.append(fill);
  track.setAttribute('aria-hidden', 'true');
  item.append(span('bar-name', emotion), ' ', track, span('bar-percent', percent(probability)));
  return item;
}

function errorView({ message, code, requestId }) {
  const view = clone('#error-template');
  view.querySelector('.sentence').textContent = message;
  const reference = view.querySelector('.reference');
  reference.textContent = code ? `${code}, request ${requestId}` : '';
  reference.hidden = !code;
  return view;
}

function clone(selector) {
  return document.querySelector(selector).content.cloneNode(true);
}

function paragraph(name, text) {
  const element = document.createElement('p');
  element.className = name;
  element.textContent = text;
  return element;
}

function span(name, text) {
  const element = document.createElement('span');
  element.className = name;
  element.textContent = text;
  return element;
}

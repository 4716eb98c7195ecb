import { createAnswers } from './answers/answers.js';
import { load, readCard } from './api.js';
import { createSwitch } from './device.js';
import { element, mark } from './dom.js';

import { showFigures } from './figures.js';

import { whyNot } from './microphone/microphone.js';
import { recordNote } from './microphone/recorder.js';
import { EMOTIONS } from './words.js';

const find = (selector) => document.querySelector(selector);
const stage = find('.stage');
const notice = find('.notice');

createSwitch(find('.device'));

const card = readCard();
showFigures(find('#figures'), card);
// The answers only need its threshold, and can do without.
let threshold = null;
card.then(
  (known) => {
    threshold = known.threshold;
  },
  () => {},
);
const add = createAnswers({
  list: find('#results'),
  table: find('#table'),
  status: find('#status'),
  threshold: () => threshold,
});

/** Classifies files that were chosen or dropped. */
export const addFiles = (files) => add(files.map((file) => ({ file })));

/** Switches the stage to `idle`, `recording` or `live`. Only the visible panel can be used. */
function setMode(mode) {
  stage.dataset.mode = mode;
  for (const panel of stage.querySelectorAll('.panel')) panel.inert = panel.dataset.panel !== mode;
}

/** Shows a sentence about the microphone next to its buttons; null removes it. */
function say(sentence) {
  notice.textContent = sentence ?? '';
}

/** Whether the microphone is open or about to be. */
let isBusy = false;

/** Runs the work of a button in its panel, then returns the focus to the button. */
async function run(button, mode, work) {
  // Pressed before the page knew that this browser cannot record.
  if (button.disabled) return;
  if (isBusy) {
    say(
      'The microphone is already being opened. Please answer your browser’s question about it first.',
    );
    return;
  }
  isBusy = true;
  button.setAttribute('aria-busy', 'true');
  say(null);
  const panel = stage.querySelector(`[data-panel="${mode}"]`);
  const onStart = () => {
    say(null);
    setMode(mode);
    panel.querySelector('.stop').focus();
  };
  try {
    await work(panel, { onStart });
  } catch (error) {
    say(error.message);
  } finally {
    isBusy = false;
    button.removeAttribute('aria-busy');
    setMode('idle');
    button.focus();
  }
}

find('.legend ul').append(
  ...EMOTIONS.map((label) => element('li', { 'data-emotion': label }, mark(label), label)),
);

const reason = whyNot();
const recordButton = find('#record');
const liveButton = find('#live');
if (reason) {
  recordButton.disabled = true;
  liveButton.disabled = true;
  say(reason);
}
setMode('idle');

/** Records a note and classifies it. */
export function record() {
  run(recordButton, 'recording', async (...panel) => {
    const { file, sentence } = await recordNote(...panel);
    say(sentence);
    if (file) add([{ file, isOwn: true }]);
  });
}

/** Listens live until the visitor stops it. */
export function listen() {
  run(liveButton, 'live', async (...panel) => {
    const { listenLive } = await load('./live/live.js');
    say(await listenLive(...panel));
  });
}

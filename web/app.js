import { createAnswers } from './answers/answers.js';
import { readCard } from './api.js';
import { element } from './dom.js';
import { EMOTIONS, mark } from './emotions.js';
import { showFigures } from './figures.js';
import { load } from './load.js';
import { whyNot } from './microphone/microphone.js';
import { recordNote } from './microphone/recorder.js';

const find = (selector) => document.querySelector(selector);
const stage = find('.stage');
const notice = find('.notice');
const input = find('#file');

const card = readCard();
showFigures(find('#figures'), card);
// The answers need only its threshold, and can do without.
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
const addFiles = (files) => add([...files].map((file) => ({ file })));

/** What the stage shows: `idle`, `recording` or `live`. Only the panel that shows can be used. */
function setMode(mode) {
  stage.dataset.mode = mode;
  for (const panel of stage.querySelectorAll('.panel')) panel.inert = panel.dataset.panel !== mode;
}

/** Says something about the microphone, beside its buttons; null takes it away. */
function say(sentence) {
  notice.textContent = sentence ?? '';
}

/** Whether the microphone is open, or about to be. */
let isBusy = false;

/** Runs what a button starts in its panel, and comes back to the button. */
async function run(button, mode, work) {
  if (isBusy) {
    say('The microphone is being opened already. Answer what the browser asks about it first.');
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
recordButton.addEventListener('click', () =>
  run(recordButton, 'recording', async (...panel) => {
    const { file, sentence } = await recordNote(...panel);
    say(sentence);
    if (file) add([{ file, isOwn: true }]);
  }),
);
liveButton.addEventListener('click', () =>
  run(liveButton, 'live', async (...panel) => {
    const { listenLive } = await load('./live/live.js');
    say(await listenLive(...panel));
  }),
);
setMode('idle');

input.addEventListener('change', () => {
  addFiles(input.files);
  // So that the same file can be chosen again.
  input.value = '';
});

// Files may be dropped anywhere: next to the target the browser would leave the page for them.
let depth = 0;
const bringsFiles = (event) => event.dataTransfer?.types.includes('Files');
document.addEventListener('dragenter', (event) => {
  if (bringsFiles(event)) stage.classList.toggle('is-over', ++depth > 0);
});
document.addEventListener('dragleave', (event) => {
  if (bringsFiles(event)) stage.classList.toggle('is-over', --depth > 0);
});
document.addEventListener('dragover', (event) => {
  if (bringsFiles(event)) event.preventDefault();
});
document.addEventListener('drop', (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  depth = 0;
  stage.classList.remove('is-over');
  addFiles(event.dataTransfer.files);
});

import { hear, readCard } from './api.js';
import { createCard } from './card.js';
import { showFigures } from './figures.js';

const form = document.querySelector('.drop');
const input = document.querySelector('#file');
const results = document.querySelector('#results');
const status = document.querySelector('#status');

const card = readCard();
showFigures(document.querySelector('#figures'), card);
// The answers need only its threshold, and can do without.
const threshold = card.then(
  (known) => known.threshold,
  () => null,
);

/** Recordings are heard one after another, in the order in which they were dropped. */
let queue = Promise.resolve();

function add(files) {
  const cards = [...files].map((file) => ({ file, view: createCard(file) }));
  results.prepend(...cards.map(({ view }) => view.element));
  for (const { file, view } of cards) queue = queue.then(() => process(file, view));
}

async function process(file, view) {
  view.showListening();
  try {
    // Nothing is sent for a card that was removed while it waited.
    const verdict = await hear(file, view.signal);
    announce(file, view.showVerdict(verdict, await threshold));
  } catch (error) {
    if (!view.signal.aborted) announce(file, view.showError(error));
  }
}

/** Says a result to those who cannot see it. */
function announce(file, sentence) {
  status.textContent = `${file.name}: ${sentence}`;
}

input.addEventListener('change', () => {
  add(input.files);
  // So that the same file can be chosen again.
  input.value = '';
});

// Files may be dropped anywhere: next to the target the browser would leave the page for them.
let depth = 0;
const bringsFiles = (event) => event.dataTransfer?.types.includes('Files');
document.addEventListener('dragenter', (event) => {
  if (bringsFiles(event)) form.classList.toggle('is-over', ++depth > 0);
});
document.addEventListener('dragleave', (event) => {
  if (bringsFiles(event)) form.classList.toggle('is-over', --depth > 0);
});
document.addEventListener('dragover', (event) => {
  if (bringsFiles(event)) event.preventDefault();
});
document.addEventListener('drop', (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  depth = 0;
  form.classList.remove('is-over');
  add(event.dataTransfer.files);
});

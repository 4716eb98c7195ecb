/**
 * What is there at once: the buttons, and the places for files. The rest of the page is asked for after
 * its first frame, which it would hold up, and does then what was wanted of it meanwhile.
 */

const find = (selector) => document.querySelector(selector);
const stage = find('.stage');
const input = find('#file');

const rest = firstFrame()
  .then(() => Promise.all([import('./app.js'), addStylesheet('styles/answers.css')]))
  .then(([app]) => app);

/** Has the rest of the page do something, now or as soon as it is there. */
const ask = (work) => rest.then(work, sayAway);
ask(() => {});

/** A page in the background has its first frame when somebody looks at it. */
function firstFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

function addStylesheet(href) {
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'stylesheet', href, onload: resolve, onerror: reject });
    document.head.append(link);
  });
}

function sayAway() {
  find('.notice').textContent =
    'The rest of this page could not be loaded: the server does not answer. Open the page again.';
}

find('#record').addEventListener('click', () => ask(({ record }) => record()));
find('#live').addEventListener('click', () => ask(({ listen }) => listen()));

function takeChosen() {
  const files = [...input.files];
  // So that the same file can be chosen again.
  input.value = '';
  ask(({ addFiles }) => addFiles(files));
}
input.addEventListener('change', takeChosen);
// On a slow way the visitor may have been quicker than this script.
if (input.files.length > 0) takeChosen();

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
  const files = [...event.dataTransfer.files];
  ask(({ addFiles }) => addFiles(files));
});

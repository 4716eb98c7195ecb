/**
 * What works at once: the buttons and the file targets. The rest of the page is loaded after the first
 * frame, so as not to delay it, and then does what the visitor has asked for in the meantime.
 */

const find = (selector) => document.querySelector(selector);
const stage = find('.stage');
const input = find('#file');

// Before the first frame: what the page says depends on it.
try {
  if (localStorage.getItem('undertone-on-device')) {
    document.documentElement.toggleAttribute('data-on-device', true);
    find('#device').checked = true;
  }
} catch {
  // Storage is forbidden.
}

const rest = firstFrame()
  .then(() => Promise.all([import('./app.js'), addStylesheet('styles/answers.css')]))
  .then(([app]) => app);

/** Runs some work of the rest of the page, now or as soon as it is loaded. */
const ask = (work) => rest.then(work, showFailure);
ask(() => {});

/** A page in the background gets its first frame when someone looks at it. */
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

function showFailure() {
  find('.notice').textContent =
    'The rest of this page could not be loaded: the server is not responding. Reload the page.';
}

find('#record').addEventListener('click', () => ask(({ record }) => record()));
find('#live').addEventListener('click', () => ask(({ listen }) => listen()));

function takeChosen() {
  const files = [...input.files];
  // Allows the same file to be chosen again.
  input.value = '';
  ask(({ addFiles }) => addFiles(files));
}
input.addEventListener('change', takeChosen);
// On a slow connection the visitor may have been quicker than this script.
if (input.files.length > 0) takeChosen();

// Files may be dropped anywhere: elsewhere the browser would leave the page and open them.
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

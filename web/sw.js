/**
 * Lets the page work without a network. It is installed when the visitor turns on "Analyze on this
 * device", and removed with it. It keeps the files of the page and never sees a recording: only GET
 * requests for those files are answered here.
 */

const CACHE = 'undertone';
const LIST = 'device/files.json';
/** Names with a hash of their content: what was kept once is right for ever. */
const HASHED = /^device\/.+-\w+\.\w+$/;
/** The one answer of the API that is kept: the model card, with the figures. */
const CARD = 'v1/model';

const pathOf = (url) => url.slice(registration.scope.length);

addEventListener('install', (event) => {
  event.waitUntil(refresh().then(() => skipWaiting()));
});

addEventListener('activate', (event) => event.waitUntil(clients.claim()));

/** One after another: what is being fetched must not outlive its deletion. */
let work = Promise.resolve();

addEventListener('message', (event) => {
  const task = { refresh, forget }[event.data];
  if (!task) return;
  // Without a network what is there remains.
  work = work.then(task).catch(() => {});
  event.waitUntil(work);
});

addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method !== 'GET' || !url.startsWith(registration.scope)) return;
  const path = pathOf(url);
  if (path.startsWith('v1/') && path !== CARD) return;
  event.respondWith(answer(event.request, path));
});

async function answer(request, path) {
  const options = { cacheName: CACHE, ignoreVary: true, ignoreSearch: true };
  const kept = () => caches.match(request, options);
  if (HASHED.test(path)) return (await kept()) ?? fetch(request);
  try {
    return await fetch(request);
  } catch (error) {
    const found = await kept();
    if (found) return found;
    throw error;
  }
}

/** Fetches the files of the page, all or none, and then deletes what is no longer needed. */
async function refresh() {
  const list = await fetched(LIST);
  const cache = await caches.open(CACHE);
  const { page, ...parts } = await list.clone().json();
  const hashed = Object.values(parts).map(({ path }) => `device/${path}`);
  const kept = new Set((await cache.keys()).map(({ url }) => pathOf(url)));
  const wanted = ['', ...page, ...hashed.filter((path) => !kept.has(path))];
  const responses = await Promise.all(wanted.map(async (path) => [path, await fetched(path)]));
  for (const [path, response] of [...responses, [LIST, list]]) await put(cache, path, response);
  const card = await fetched(CARD).catch(() => null);
  if (card) await put(cache, CARD, card);
  const needed = new Set(['', LIST, CARD, ...page, ...hashed]);
  for (const request of await cache.keys()) {
    if (!needed.has(pathOf(request.url))) await cache.delete(request);
  }
}

async function forget() {
  await caches.delete(CACHE);
  await registration.unregister();
}

async function fetched(path) {
  const cache = HASHED.test(path) ? 'default' : 'no-cache';
  const response = await fetch(new URL(path, registration.scope), { cache });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response;
}

function put(cache, path, response) {
  return cache.put(new URL(path, registration.scope), response);
}

/**
 * Makes the pictures of docs/pictures anew, each from the running program:
 *
 *   npm run docs:pictures
 *
 * It needs Chromium, espeak-ng and ffmpeg.
 */
import { fileURLToPath } from 'node:url';
import { photographPage } from './page.ts';

const folder = fileURLToPath(new URL('..', import.meta.url)).replace(/dist[/\\]/, '');
await photographPage(folder);

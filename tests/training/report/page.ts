import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

/** Opens a page from disk; requests and complaints of the browser are kept. */
export async function openHtml(browser: Browser, html: string) {
  const path = join(await mkdtemp(join(tmpdir(), 'undertone-report-')), 'report.html');
  await writeFile(path, html);
  const page = await (await browser.newContext()).newPage();
  const complaints: string[] = [];
  const url = pathToFileURL(path).href;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    const isOwn = request.url() === url || request.url().startsWith('data:');
    if (!isOwn) complaints.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Returns why a text is not well-formed XML; nothing when it is. */
export function parseError(page: Page, text: string, type: string): Promise<string> {
  return page.evaluate<string>(
    `new DOMParser().parseFromString(${JSON.stringify(text)}, '${type}').querySelector('parsererror')?.textContent ?? ''`,
  );
}

/** Returns what is wrong with ids, links, labels of plots, tables and values. */
export function structureFaults(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const faults = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const ids = all('[id]').map(({ id }) => id);
    if (new Set(ids).size < ids.length) faults.push('an id stands twice');
    for (const link of all('a')) if (!document.querySelector(link.hash)) faults.push(link.hash);
    for (const svg of all('svg')) {
      const named = svg.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id));
      if (named.length !== 2 || named.some((text) => !text?.textContent.trim())) faults.push(svg.outerHTML.slice(0, 200));
    }
    for (const table of all('table')) if (!table.caption || table.querySelector('th:not([scope])')) faults.push(table.innerText);
    if (/NaN|Infinity|undefined|null|\\[object/.test(document.documentElement.outerHTML)) faults.push('a value that is none');
    return faults;
  })()`);
}

/** Returns the contrast of every text in a plot with its cell, or else with the card behind. */
export function plotContrasts(page: Page): Promise<number[]> {
  return page.evaluate<number[]>(`(${PLOT_CONTRASTS})()`);
}

/** Runs in the page. */
const PLOT_CONTRASTS = `() => {
  const luminance = (color) => {
    const isFraction = color.startsWith('color(');
    const [r, g, b] = color.match(/[\\d.]+/g).map((c) => {
      const share = isFraction ? Number(c) : c / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll('svg text')].map((text) => {
    const isOnTone = text.matches('.count, .share');
    const tone = text.parentElement.matches('.cell') ? text.parentElement.querySelector('rect') : text.previousElementSibling;
    const behind = isOnTone ? getComputedStyle(tone).fill : getComputedStyle(text.closest('section')).backgroundColor;
    const [dark, light] = [luminance(getComputedStyle(text).fill), luminance(behind)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  });
}`;

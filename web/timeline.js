import { clock, percent, ranked, title } from './words.js';

/** Width in pixels that the shortest stretch keeps, so that a finger can hit it; the strip scrolls. */
const NARROWEST = 24;

/**
 * Fills the timeline of a verdict: a strip with one button for each stretch, which plays it. The strip
 * is one stop of the Tab key; the arrow keys move inside it.
 */
export function createTimeline(section, { timeline, summary, duration }, audio) {
  section.hidden = false;
  const strip = section.querySelector('.strip');
  const detail = section.querySelector('.strip-detail');
  const playhead = section.querySelector('.playhead');
  const at = (seconds) => `${(100 * seconds) / duration}%`;
  strip.setAttribute('aria-label', 'Stretches of the recording');
  const runs = merged(timeline);
  const shortest = Math.min(...runs.map(({ start, end }) => end - start));
  strip.style.minWidth = `${(duration * NARROWEST) / shortest}px`;
  const buttons = runs.map((run) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'stretch';
    button.dataset.emotion = run.emotion;
    button.append(Object.assign(document.createElement('span'), { textContent: run.emotion }));
    button.style.left = at(run.start);
    button.style.width = at(run.end - run.start);
    button.setAttribute('aria-label', describe(run));
    button.tabIndex = -1;
    button.addEventListener('click', () => play(audio, run));
    for (const event of ['focus', 'pointerenter']) {
      button.addEventListener(event, () => {
        detail.textContent = describe(run);
      });
    }
    return button;
  });
  strip.append(...buttons);
  roveFocus(strip, buttons);
  new ResizeObserver(() => hideCutNames(buttons)).observe(strip);
  detail.textContent = 'Choose a stretch to hear it.';
  section.querySelector('.shares').textContent = `Of the speech: ${ranked(summary)
    .map(([label, share]) => `${percent(share)} ${label}`)
    .join(', ')}.`;

  audio.addEventListener('timeupdate', () => {
    playhead.hidden = false;
    playhead.style.left = at(audio.currentTime);
    follow(section.querySelector('.strip-scroll'), playhead.offsetLeft);
    const now = runs.find(
      ({ start, end }) => audio.currentTime >= start && audio.currentTime < end,
    );
    if (now) detail.textContent = describe(now);
  });
}

/** Joins neighbours with the same label, so that the strip shows changes and not windows. */
function merged(timeline) {
  const runs = [];
  for (const { start, end, emotion, confidence } of timeline) {
    const last = runs.at(-1);
    if (last?.emotion === emotion && start - last.end < 0.1) {
      const length = last.end - last.start;
      const total = length + (end - start);
      last.confidence = (last.confidence * length + confidence * (end - start)) / total;
      last.end = end;
    } else {
      runs.push({ start, end, emotion, confidence });
    }
  }
  return runs;
}

function describe({ start, end, emotion, confidence }) {
  return `${clock(start)} to ${clock(end)}: ${title(emotion)}, ${percent(confidence)}`;
}

function play(audio, { start }) {
  if (audio.hidden) return;
  audio.currentTime = start;
  // A browser that cannot play it has hidden the player, or does so now.
  audio.play().catch(() => {});
}

/** Half a word is worse than a colour, which the bars below explain. */
function hideCutNames(buttons) {
  for (const button of buttons) {
    button.classList.toggle('is-narrow', button.scrollWidth > button.clientWidth);
  }
}

/** Keeps a place of the strip in sight. */
function follow(scroller, left) {
  const isVisible =
    left >= scroller.scrollLeft && left <= scroller.scrollLeft + scroller.clientWidth;
  if (!isVisible) scroller.scrollLeft = left - scroller.clientWidth / 4;
}

/** The pattern of a toolbar in the ARIA Authoring Practices. */
function roveFocus(strip, buttons) {
  const last = buttons.length - 1;
  const next = {
    ArrowLeft: (i) => Math.max(0, i - 1),
    ArrowRight: (i) => Math.min(last, i + 1),
    Home: () => 0,
    End: () => last,
  };
  let current = 0;
  const move = (to) => {
    buttons[current].tabIndex = -1;
    current = to;
    buttons[current].tabIndex = 0;
  };
  move(0);
  strip.addEventListener('focusin', (event) => move(buttons.indexOf(event.target)));
  strip.addEventListener('keydown', (event) => {
    if (!next[event.key]) return;
    event.preventDefault();
    buttons[next[event.key](current)].focus();
  });
}

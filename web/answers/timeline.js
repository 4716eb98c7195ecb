import { element, mark } from '../dom.js';
import { clock, percent, title } from '../words.js';

/** The smallest width of a stretch in pixels, so that a finger can hit it; the track scrolls. */
const NARROWEST = 24;
/** The largest width of the track in pixels; stretches of less than a second may overlap. */
const WIDEST = 6000;

/**
 * Fills the timeline under the waveform: one button for each stretch, which plays it. The strip is a
 * single tab stop; the arrow keys move within it.
 *
 * @returns light(stretch), which highlights a stretch, or none (null)
 */
export function createTimeline(section, { timeline, duration }, player) {
  const strip = section.querySelector('.strip');
  const detail = section.querySelector('.strip-detail');
  strip.hidden = false;
  detail.hidden = false;
  const shortest = Math.min(...timeline.map(({ start, end }) => end - start));
  const width = Math.min(WIDEST, (duration * NARROWEST) / shortest);
  section.querySelector('.track').style.minWidth = `${width}px`;
  const buttons = timeline.map((stretch) => {
    const { start, end, emotion } = stretch;
    const button = element(
      'button',
      {
        type: 'button',
        class: 'stretch',
        'data-emotion': emotion,
        'aria-label': spoken(stretch),
        tabIndex: -1,
      },
      mark(emotion),
      element('span', {}, emotion),
    );
    button.style.left = `${(100 * start) / duration}%`;
    button.style.width = `${(100 * (end - start)) / duration}%`;
    button.addEventListener('click', () => {
      player.seek(start);
      player.play();
    });
    for (const event of ['focus', 'pointerenter']) {
      button.addEventListener(event, () => {
        detail.textContent = spoken(stretch);
      });
    }
    return button;
  });
  strip.append(...buttons);
  roveFocus(strip, buttons);
  new ResizeObserver(() => hideCutNames(buttons)).observe(strip);
  detail.textContent = 'Choose a stretch to play it, or click anywhere on the waveform.';

  return {
    light(stretch) {
      buttons.forEach((button, i) => {
        button.classList.toggle('is-lit', timeline[i] === stretch);
      });
      if (stretch?.start !== undefined) detail.textContent = spoken(stretch);
    },
  };
}

/** Returns a stretch as words: `0:05 to 0:12: Sad, 64%`. */
function spoken({ start, end, emotion, confidence }) {
  return `${clock(start)} to ${clock(end)}: ${title(emotion)}, ${percent(confidence)}`;
}

/** A contour alone is better than half a word; the bars below explain it. */
function hideCutNames(buttons) {
  for (const button of buttons) {
    button.classList.remove('is-narrow');
    button.classList.toggle('is-narrow', button.scrollWidth > button.clientWidth);
  }
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

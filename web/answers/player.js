import { element, fitted, onThemeChange, prefersCalm, svg, tone } from '../dom.js';
import { decode, peaksOf, wav } from '../sound/decode.js';
import { clock, title } from '../words.js';

/** The parts of the waveform that are measured: more than fit side by side on any screen. */
const PARTS = 2400;
/** Width of a bar of the waveform and of the gap after it, in CSS pixels. */
const BAR = { width: 2, gap: 1 };
/** Seconds by which the arrow keys and Page Up and Page Down move. */
const STEP = { arrow: 1, page: 5 };

const ICONS = { play: 'M8 5.5v13l10.5-6.5z', pause: 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z' };

/**
 * Fills the player of a card: the button, the waveform (a slider) and the time. The sound is decoded
 * when the card first becomes visible.
 *
 * Dispatches `moment` events on `section`; their detail is the second being played, or null.
 *
 * @returns seek(seconds) and play(), which do nothing until the sound is decoded
 */
export function createPlayer(section, { file, verdict, signal, stretchAt }) {
  const { duration } = verdict;
  const audio = new Audio();
  const button = section.querySelector('.play');
  const wave = section.querySelector('.wave');
  const canvas = section.querySelector('.wave-canvas');
  const playhead = section.querySelector('.playhead');
  const rest = section.querySelector('.wave-rest');
  const scroller = section.querySelector('.track-scroll');
  const time = section.querySelector('.time');
  const icon = svg('path', { d: ICONS.play });
  button.append(svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, icon));
  wave.setAttribute('aria-valuemax', duration.toFixed(1));
  let peaks = null;

  const isPlaying = () => !audio.paused && !audio.ended;
  const show = () => {
    const at = Math.min(audio.currentTime, duration);
    const share = `${(100 * at) / duration}%`;
    playhead.style.left = share;
    rest.style.left = share;
    playhead.hidden = at === 0;
    rest.hidden = at === 0;
    const label = stretchAt(at)?.emotion;
    time.textContent = `${clock(at)} / ${clock(duration)}`;
    wave.setAttribute('aria-valuenow', at.toFixed(1));
    wave.setAttribute(
      'aria-valuetext',
      `${clock(at)} of ${clock(duration)}${label ? `, ${title(label)}` : ''}`,
    );
    section.dispatchEvent(new CustomEvent('moment', { detail: isPlaying() ? at : null }));
  };
  const step = () => {
    show();
    if (isPlaying()) keepInSight(scroller, playhead.offsetLeft);
  };
  let frame;
  /** Moves the playhead with every frame; `timeupdate` only comes four times a second. */
  const follow = () => {
    if (!isPlaying() || prefersCalm()) return;
    step();
    frame = requestAnimationFrame(follow);
  };
  const changed = () => {
    icon.setAttribute('d', isPlaying() ? ICONS.pause : ICONS.play);
    button.setAttribute('aria-label', isPlaying() ? 'Pause' : 'Play');
    show();
  };
  audio.addEventListener('play', () => {
    for (const other of playing) if (other !== audio) other.pause();
    playing.add(audio);
    changed();
    cancelAnimationFrame(frame);
    follow();
  });
  audio.addEventListener('timeupdate', step);
  audio.addEventListener('seeked', show);
  for (const event of ['pause', 'ended']) {
    audio.addEventListener(event, () => {
      playing.delete(audio);
      changed();
    });
  }

  const seek = (seconds) => {
    if (!peaks) return;
    audio.currentTime = Math.max(0, Math.min(duration, seconds));
    show();
  };
  const play = () => {
    // A browser may refuse to play; then the button still shows that nothing plays.
    if (peaks) audio.play().catch(() => {});
  };
  const toggle = () => (isPlaying() ? audio.pause() : play());
  button.addEventListener('click', toggle);
  wave.addEventListener('pointerdown', (event) => {
    if (event.button === 0) dragOver(wave, event, (share) => seek(share * duration));
  });
  wave.addEventListener('keydown', (event) => {
    const moves = {
      ArrowLeft: () => seek(audio.currentTime - STEP.arrow),
      ArrowDown: () => seek(audio.currentTime - STEP.arrow),
      ArrowRight: () => seek(audio.currentTime + STEP.arrow),
      ArrowUp: () => seek(audio.currentTime + STEP.arrow),
      PageDown: () => seek(audio.currentTime - STEP.page),
      PageUp: () => seek(audio.currentTime + STEP.page),
      Home: () => seek(0),
      End: () => seek(duration),
      ' ': toggle,
      Enter: toggle,
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moves[event.key]();
  });

  show();
  whenSeen(section, signal, async () => {
    try {
      const samples = await decode(file);
      if (signal.aborted) return;
      audio.src = URL.createObjectURL(wav(samples));
      peaks = peaksOf(samples, PARTS);
      button.disabled = false;
      section.dataset.ready = '';
      const redraw = () => draw(canvas, { peaks, duration, stretchAt });
      new ResizeObserver(redraw).observe(canvas);
      onThemeChange(redraw, signal);
    } catch {
      // Browsers do not know formats such as AMR; the server has classified them anyway.
      wave.replaceWith(
        element('p', { class: 'mute' }, 'Analyzed, but this browser cannot play this format.'),
      );
      playhead.remove();
    }
  });
  signal.addEventListener('abort', () => {
    audio.pause();
    URL.revokeObjectURL(audio.src);
  });
  return { seek, play };
}

/** Only one sound plays at a time on the whole page. */
const playing = new Set();

function whenSeen(section, signal, callback) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    callback();
  });
  observer.observe(section);
  signal.addEventListener('abort', () => observer.disconnect());
}

/** Draws the waveform, each part in the colour of its stretch. */
function draw(canvas, { peaks, duration, stretchAt }) {
  const { context, width, height } = fitted(canvas);
  const colours = {};
  const colourOf = (label) => {
    colours[label] ??= tone(label);
    return colours[label];
  };
  const step = BAR.width + BAR.gap;
  const bars = Math.floor(width / step);
  for (let bar = 0; bar < bars; bar++) {
    const seconds = ((bar + 0.5) / bars) * duration;
    let peak = 0;
    const end = Math.max((bar * peaks.length) / bars + 1, ((bar + 1) * peaks.length) / bars);
    for (let i = Math.floor((bar * peaks.length) / bars); i < end && i < peaks.length; i++) {
      peak = Math.max(peak, peaks[i]);
    }
    const length = Math.max(2, peak * (height - 2));
    context.fillStyle = colourOf(stretchAt(seconds)?.emotion ?? 'rest');
    context.beginPath();
    context.roundRect(bar * step, (height - length) / 2, BAR.width, length, 1);
    context.fill();
  }
}

/** Calls back with the position of the pointer as a share of the width, until it is released. */
function dragOver(target, start, callback) {
  const tell = ({ clientX }) => {
    const { left, width } = target.getBoundingClientRect();
    callback(Math.max(0, Math.min(1, (clientX - left) / width)));
  };
  const end = new AbortController();
  target.setPointerCapture(start.pointerId);
  target.addEventListener('pointermove', tell, { signal: end.signal });
  for (const event of ['pointerup', 'pointercancel']) {
    target.addEventListener(event, () => end.abort(), { signal: end.signal });
  }
  tell(start);
}

function keepInSight(scroller, left) {
  const { scrollLeft, clientWidth } = scroller;
  const isVisible = left >= scrollLeft && left <= scrollLeft + clientWidth;
  if (!isVisible) scroller.scrollLeft = left - clientWidth / 4;
}

import { tone } from '../dom.js';

/** Steps of a palette, worked out once: a picture has tens of thousands of points. */
const STEPS = 256;
/** From nothing to most; lightness rises evenly, so that it can be read without colours too. */
const HEAT = ['#0d0c1e', '#3a1e63', '#86306f', '#cf4f58', '#f39a4a', '#fff3c4'].map(channels);

/** Returns red, green and blue of a share from 0 to 1. */
export const heat = palette(HEAT);

/** Returns the palette for −1 to 1 whose middle is the background of the theme that is on. */
export function divergence() {
  const colours = palette(['sad', 'track', 'happy'].map((name) => channels(tone(name))));
  return (value) => colours((value + 1) / 2);
}

function palette(stops) {
  const steps = Array.from({ length: STEPS }, (_, step) => {
    const place = (step / (STEPS - 1)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(place));
    return stops[low].map((channel, i) => channel + (place - low) * (stops[low + 1][i] - channel));
  });
  return (share) => steps[Math.round(Math.max(0, Math.min(1, share)) * (STEPS - 1))];
}

/** `#3d3a8c` as three numbers. */
function channels(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

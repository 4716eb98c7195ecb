import type { Analysis } from '../analyze.ts';
import type { FrameRange } from '../windows.ts';

/** placeholder while the functionals are chosen */
export function functionals(_analysis: Analysis, _range: FrameRange): Float32Array {
  return new Float32Array(120);
}

import type { Random } from '../../random.ts';
import type { TrainingStep } from '../training-step.ts';
import type { Variable } from '../variable.ts';

/** A piece of a network: it holds parameters and turns one variable into another. */
export interface Module {
  /** Returns the output for `x`, as in training. Called once per network. */
  forward(x: Variable): Variable;
  /** Returns what is to be learnt, in a fixed order. Known before `forward`. */
  parameters(): Variable[];
  /** Returns what `afterStep` reads, to be compiled as outputs. Known after `forward`. */
  outputs?(): Variable[];
  /** Fills the inputs that the module feeds itself, such as dropout masks. */
  beforeStep?(step: TrainingStep, random: Random): void;
  /** Keeps what the module learns without a gradient, such as running statistics. */
  afterStep?(step: TrainingStep): void;
}

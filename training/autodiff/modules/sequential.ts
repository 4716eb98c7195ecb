import type { Random } from '../../random.ts';
import type { TrainingStep } from '../training-step.ts';
import type { Variable } from '../variable.ts';
import type { Module } from './module.ts';

/** Modules one after another; a bare function stands for a module without parameters. */
export class Sequential implements Module {
  readonly #stages: readonly (Module | ((x: Variable) => Variable))[];
  readonly #modules: readonly Module[];

  constructor(stages: readonly (Module | ((x: Variable) => Variable))[]) {
    this.#stages = stages;
    this.#modules = stages.filter((stage) => typeof stage !== 'function');
  }

  forward(x: Variable): Variable {
    return this.#stages.reduce(
      (value, stage) => (typeof stage === 'function' ? stage(value) : stage.forward(value)),
      x,
    );
  }

  parameters(): Variable[] {
    return this.#modules.flatMap((module) => module.parameters());
  }

  outputs(): Variable[] {
    return this.#modules.flatMap((module) => module.outputs?.() ?? []);
  }

  beforeStep(step: TrainingStep, random: Random): void {
    for (const module of this.#modules) module.beforeStep?.(step, random);
  }

  afterStep(step: TrainingStep): void {
    for (const module of this.#modules) module.afterStep?.(step);
  }
}

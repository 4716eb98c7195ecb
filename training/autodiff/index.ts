/**
 * Neural training on onnxruntime. A network is written forwards, with operators on variables of
 * static shape; `gradients` extends it backwards; everything becomes one graph of standard ONNX
 * operators that onnxruntime executes. The optimiser is TypeScript and works on the arrays that the
 * graph reads and writes, so a step copies nothing.
 *
 * Who knows PyTorch knows this, with one difference: operators describe the computation once, and
 * `step.run()` repeats it. What changes from step to step (the batch, dropout masks) is an `input`.
 *
 * @example
 * // One hidden layer on batches of 32 × 120 features, trained for eight classes.
 * const random = createRandom(42);
 * const network = new Sequential([
 *   new Linear({ inFeatures: 120, outFeatures: 64, random, bias: false }),
 *   new BatchNorm({ shape: [1, 64], axes: [0] }),
 *   relu,
 *   new Dropout(0.3),
 *   new Linear({ inFeatures: 64, outFeatures: 8, random, gain: 1 }),
 * ]);
 *
 * const x = input([32, 120]);
 * const targets = input([32, 8]);
 * const logits = network.forward(x);
 * const loss = crossEntropy(logits, targets);
 *
 * // Forward, loss and gradients, compiled; `outputs` are what else is read after a run.
 * const step = await TrainingStep.compile(loss, network.parameters(), network.outputs());
 * const optimiser = new AdamW(step.groups(0.02));
 * const learningRate = oneCycle({ peak: 3e-3, totalSteps: 1000 });
 *
 * for (let i = 0; i < 1000; i++) {
 *   step.buffer(x).set(nextBatch.features);
 *   step.buffer(targets).set(nextBatch.targets);
 *   network.beforeStep(step, random); // draws the dropout masks
 *   const lossInNats = await step.run();
 *   optimiser.step(learningRate(i));
 *   network.afterStep(step); // averages the statistics of batch normalisation
 * }
 * const weights = step.values.slice();
 * await step.release();
 *
 * @example
 * // A new operator: the forward node and its vector–Jacobian product, side by side.
 * export function sqrt(x: Variable): Variable {
 *   const y: Variable = operation('Sqrt', [x], x.shape, {
 *     vjp: (g) => [operation('Div', [scale(g, 0.5), y], x.shape)],
 *   });
 *   return y;
 * }
 */
export * from './convolution.ts';
export * from './elementary.ts';
export * from './functional.ts';
export * from './modules.ts';
export * from './normalization.ts';
export * from './optim.ts';
export { gradients, Program, TrainingStep } from './program.ts';
export {
  constant,
  filled,
  input,
  operation,
  operations,
  type ParameterOptions,
  parameter,
  type StaticShape,
  Variable,
} from './variable.ts';

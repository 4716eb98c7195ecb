/**
 * Every differentiable operator. One file holds one family, with the forward nodes and the
 * vector–Jacobian rule of each operator side by side. A new family is a new file and a line here,
 * and its rules get a numeric check in tests/training/autodiff/operators.test.ts.
 */
export { relu } from './activation.ts';
export {
  add,
  broadcastTo,
  exp,
  mean,
  mul,
  neg,
  type ReduceOptions,
  reshape,
  scale,
  sqrt,
  sub,
  sum,
  sumTo,
  transpose,
} from './arrays.ts';
export { type BatchNormOptions, batchNorm, type Normalized } from './batch-norm.ts';
export { type ConvolutionOptions, conv2d } from './convolution.ts';
export { crossEntropy, logSoftmax } from './cross-entropy.ts';
export { matmul } from './matmul.ts';
export { maxPool2d } from './pooling.ts';

/**
 * Every differentiable operator. One file holds one family, with the forward nodes and the
 * vector–Jacobian rule of each operator side by side. A new family is a new file and a line here,
 * and its rules get a numeric check in tests/training/autodiff/operators.test.ts.
 */
export { relu } from './activation.ts';
export { add, exp, mul, neg, scale, sqrt, sub } from './arithmetic.ts';
export { type BatchNormOptions, batchNorm, type Normalized } from './batch-norm.ts';
export { type ConvolutionOptions, conv2d } from './convolution.ts';
export { crossEntropy, logSoftmax } from './cross-entropy.ts';
export { broadcastTo, reshape, transpose } from './layout.ts';
export { matmul } from './matmul.ts';
export { maxPool2d } from './pooling.ts';
export { mean, type ReduceOptions, sum, sumTo } from './reduce.ts';

export { BatchNorm, type BatchNormModuleOptions } from './batch-norm.ts';
export { Conv2d, type Conv2dOptions } from './conv2d.ts';
export { Dropout } from './dropout.ts';
export { constantParameter, kaimingNormal } from './initializers.ts';
export { Linear, type LinearOptions } from './linear.ts';
export type { Module } from './module.ts';
export { Sequential } from './sequential.ts';

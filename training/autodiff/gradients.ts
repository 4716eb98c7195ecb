import { add } from './operators/arrays.ts';
import { sizeOf } from './shape.ts';
import { filled, type Variable } from './variable.ts';

/**
 * Returns the gradient of a scalar with respect to each of the given variables, as variables of the
 * same shapes: reverse-mode differentiation, done once on the graph and not at every step (Griewank
 * and Walther, *Evaluating Derivatives*, chapter 3).
 *
 * Throws a RangeError when `loss` is not a scalar or does not depend on one of the variables.
 *
 * @example
 * const [dw] = gradients(mean(mul(w, w)), [w]);
 */
export function gradients(loss: Variable, variables: readonly Variable[]): Variable[] {
  if (sizeOf(loss.shape) !== 1) throw new RangeError(`the loss has shape [${loss.shape}]`);
  const gradientOf = new Map<Variable, Variable>([[loss, filled(loss.shape, 1)]]);
  for (const variable of inOrderOfUse(loss).reverse()) {
    // Everything that uses this variable has been visited, so its gradient is complete.
    const contributions = variable.vjp?.(gradientOf.get(variable)!) ?? [];
    contributions.forEach((contribution, i) => {
      const operand = variable.inputs[i];
      if (!contribution || !operand?.requiresGradient) return;
      const sofar = gradientOf.get(operand);
      gradientOf.set(operand, sofar ? add(sofar, contribution) : contribution);
    });
  }
  return variables.map((variable, i) => {
    const gradient = gradientOf.get(variable);
    if (!gradient) throw new RangeError(`the loss does not depend on variable ${i}`);
    return gradient;
  });
}

/** Returns what the loss depends on differentiably, every variable after its own inputs. */
function inOrderOfUse(loss: Variable): Variable[] {
  const order = new Set<Variable>();
  const visit = (variable: Variable) => {
    if (order.has(variable) || !variable.requiresGradient) return;
    for (const operand of variable.inputs) if (operand) visit(operand);
    order.add(variable);
  };
  visit(loss);
  return [...order];
}

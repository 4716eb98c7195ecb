import type { GraphBuilder, Value } from '../onnx/graph.ts';
import type { Operation, Variable } from './variable.ts';

/**
 * Writes into `graph` the nodes that the given variables need, and nothing else. Returns the graph
 * value of every variable that was reached, inputs and parameters (which become graph inputs)
 * included.
 */
export function lower(graph: GraphBuilder, wanted: readonly Variable[]): Map<Variable, Value> {
  const values = new Map<Variable, Value>();
  const outputsOf = new Map<Operation, Value[]>();

  const lowerOperation = (operation: Operation): Value[] => {
    const known = outputsOf.get(operation);
    if (known) return known;
    const { operator, inputs, attributes, outputCount } = operation;
    const operands = inputs.map((operand) => (operand ? visit(operand) : ''));
    const outputs = graph.nodes(operator, operands, outputCount, attributes);
    outputsOf.set(operation, outputs);
    return outputs;
  };

  const lowerSource = ({ source, shape }: Variable): Value => {
    switch (source.kind) {
      case 'input':
      case 'parameter':
        return graph.input(`${source.kind}_${values.size}`, shape);
      case 'constant':
        return graph.constant(shape, source.data);
      case 'alias':
        return visit(source.of);
      case 'operation':
        return lowerOperation(source.operation)[source.output];
    }
  };

  const visit = (variable: Variable): Value => {
    const known = values.get(variable);
    if (known !== undefined) return known;
    const value = lowerSource(variable);
    values.set(variable, value);
    return value;
  };

  for (const variable of wanted) visit(variable);
  return values;
}

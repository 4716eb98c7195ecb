// The install script of onnxruntime-node fetches CUDA libraries, which Undertone never uses, and fails where
// their server cannot be reached. npm runs the `preinstall` scripts of all packages before it. In this
// repository the lock file says that there is no such script.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sep } from 'node:path';

const { ONNXRUNTIME_NODE_INSTALL, npm_config_onnxruntime_node_install } = process.env;
const isDependency = import.meta.dirname.includes(`${sep}node_modules${sep}`);
if (isDependency && !ONNXRUNTIME_NODE_INSTALL && !npm_config_onnxruntime_node_install) {
  try {
    const script = createRequire(import.meta.url).resolve('onnxruntime-node/script/install.js');
    writeFileSync(script, '// Undertone needs no CUDA. Set ONNXRUNTIME_NODE_INSTALL to have it.\n');
  } catch {
    // A later version without that script.
  }
}

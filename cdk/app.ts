/**
 * The CDK app: `npx cdk deploy` runs it. docs/deployment.md lists the context values.
 */
import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfig } from './config.ts';
import { ConfigurationError } from './configuration-error.ts';
import { UndertoneStack } from './stack.ts';

// Not by itself at the end of the process, which would synthesise what has failed once more.
const app = new App({ autoSynth: false });
try {
  const config = readConfig(app.node);
  const stack = new UndertoneStack(app, config.name, {
    config,
    description: 'Undertone: hears the emotion in voice notes.',
  });
  Tags.of(stack).add('application', config.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  const { message, stack } = error as Error;
  process.stderr.write(`\n${error instanceof ConfigurationError ? message : stack}\n`);
  process.exitCode = 1;
}

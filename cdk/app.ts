/** The CDK app, run by `npx cdk deploy`. docs/deployment.md lists its context values. */
import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigurationError, readConfig } from './config.ts';
import { UndertoneStack } from './stack.ts';

// Automatic synthesis at the end of the process would repeat a failure.
const app = new App({ autoSynth: false });
try {
  const config = readConfig(app.node);
  const stack = new UndertoneStack(app, config.name, {
    config,
    description: 'Undertone: the emotion in voice notes.',
  });
  Tags.of(stack).add('application', config.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  const { message, stack } = error as Error;
  process.stderr.write(`\n${error instanceof ConfigurationError ? message : stack}\n`);
  process.exitCode = 1;
}

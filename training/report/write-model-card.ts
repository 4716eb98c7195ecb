import { Command } from 'commander';
import { readNetworkResults, writeModelCard } from './network/document.ts';

await new Command('docs:card')
  .description('Write the model card document and its figures from the results of a training run.')
  .option('--results <file>', 'results of `npm run train`', 'reports/latest/results.json')
  .option('--out <file>', 'where to write the document', 'docs/model-card.md')
  .action(async ({ results, out }: { results: string; out: string }) => {
    try {
      const files = await writeModelCard(await readNetworkResults(results), out);
      console.log(`Model card: ${files.join(', ')}`);
    } catch (error) {
      console.error(
        `No model card was written from ${results}: ${(error as Error).message}. Name the results.json of a run of \`npm run train\` with --results.`,
      );
      process.exitCode = 1;
    }
  })
  .parseAsync();

import { Command } from 'commander';
import { readNetworkResults, writeModelCard } from './network/write.ts';

await new Command('docs:card')
  .description('Write the model card document and its figures from what a network run measured.')
  .option('--results <file>', 'what `npm run train` measured', 'reports/latest/results.json')
  .option('--out <file>', 'where the document is written', 'docs/model-card.md')
  .action(async ({ results, out }: { results: string; out: string }) => {
    try {
      const files = await writeModelCard(await readNetworkResults(results), out);
      console.log(`Model card: ${files.join(', ')}`);
    } catch (error) {
      console.error(
        `No model card was written from ${results}: ${(error as Error).message}. Needed is the results.json of a training run of the network.`,
      );
      process.exitCode = 1;
    }
  })
  .parseAsync();

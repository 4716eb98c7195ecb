import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { modelCardMarkdown } from './model-card-doc.ts';

await new Command('docs:card')
  .description('Write the model card document from the figures of a training run.')
  .option('--results <file>', 'what `npm run train` measured', 'reports/latest/results.json')
  .option('--out <file>', 'where the document is written', 'docs/model-card.md')
  .action(async ({ results, out }: { results: string; out: string }) => {
    try {
      await writeFile(out, modelCardMarkdown(JSON.parse(await readFile(results, 'utf8'))));
      console.log(`Model card: ${out}`);
    } catch (error) {
      console.error(
        `No model card was written from ${results}: ${(error as Error).message}. Needed is the results.json of a training run.`,
      );
      process.exitCode = 1;
    }
  })
  .parseAsync();

/** What each process of `undertone classify --workers` runs. */
import { answerTasks } from '../lib/processes.ts';
import { type ClassifyTask, classifyFile, modelOf } from './classify-file.ts';

answerTasks(async ({ file, model, keepWindows }: ClassifyTask) => {
  // A model that cannot be used concerns every file: it is told before any is read.
  await modelOf(model);
  return classifyFile(file, model, keepWindows);
});

import { expect, test } from 'vitest';
import { Admission } from '../../../cli/serve/admission.ts';

/** Work that ends when it is told to. */
function manual() {
  const gates: ((error?: Error) => void)[] = [];
  const work = () =>
    new Promise<string>((resolve, reject) => {
      gates.push((error) => (error ? reject(error) : resolve('done')));
    });
  return { gates, work };
}

const tick = () => new Promise(setImmediate);

test('no more than a few run at a time, in the order in which they came', async () => {
  const admission = new Admission({ concurrency: 2, maxWaiting: 10 });
  const { gates, work } = manual();
  const ended: number[] = [];
  const all = [0, 1, 2, 3].map(async (i) => {
    await admission.run(work);
    ended.push(i);
  });
  await tick();
  expect(gates).toHaveLength(2);
  for (let i = 0; i < 4; i++) {
    gates[i]();
    await tick();
    expect(ended).toEqual([0, 1, 2, 3].slice(0, i + 1));
    expect(gates).toHaveLength(Math.min(4, i + 3));
  }
  await Promise.all(all);
});

test('a failure makes room as well', async () => {
  const admission = new Admission({ concurrency: 1, maxWaiting: 10 });
  const { gates, work } = manual();
  const failing = admission.run(work);
  const next = admission.run(work);
  await tick();
  gates[0](new Error('broken'));
  await expect(failing).rejects.toThrow('broken');
  await tick();
  gates[1]();
  await expect(next).resolves.toBe('done');
});

test('those for whom there is no room are told to come later', async () => {
  const admission = new Admission({ concurrency: 1, maxWaiting: 2 });
  const { gates, work } = manual();
  const all = [1, 2, 3].map(() => admission.run(work));
  await expect(admission.run(work)).rejects.toMatchObject({ code: 'rate-limited' });
  for (const i of [0, 1, 2]) {
    await tick();
    gates[i]();
  }
  await expect(Promise.all(all)).resolves.toHaveLength(3);
  // All of it is free again.
  const again = admission.run(work);
  await tick();
  gates[3]();
  await expect(again).resolves.toBe('done');
});

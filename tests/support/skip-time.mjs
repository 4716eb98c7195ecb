/**
 * Loaded into a program with `node --import`: at each SIGUSR2 its clock goes ahead by a minute, so that a test need not wait
 * for what comes due.
 */
const { now } = Date;
let ahead = 0;
Date.now = () => now() + ahead;
process.on('SIGUSR2', () => {
  ahead += 60_000;
});

/** Measures bcrypt alone, with one comparison per core at a time. Prints hashes per second and CPU time per hash. */
import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';

const [password, hash, seconds] = process.argv.slice(2);
let done = 0;
const start = performance.now();
const end = start + Number(seconds) * 1000;
const loop = async () => {
  while (performance.now() < end) {
    await bcrypt.compare(password, hash);
    done += 1;
  }
};
await Promise.all(Array.from({ length: availableParallelism() }, loop));
const { user, system } = process.cpuUsage();
process.stdout.write(
  JSON.stringify({ rate: (done * 1000) / (performance.now() - start), cpu: (user + system) / done }),
);

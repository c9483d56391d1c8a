import { availableParallelism } from 'node:os';
import { tokenOfPerson } from './benchmark-environment.mjs';
import { measure } from './compare.mjs';
import { median } from './load-generator.mjs';
import { times } from './table.mjs';

/** Compares `--workers auto` with one process, both on all cores, which load and Postgres share. */
export async function workers(benchmark, { rounds, seconds }) {
  if (availableParallelism() < 2 && process.platform !== 'linux') return [];
  const requests = Array.from({ length: 50 }, (_, index) => ({
    path: '/users/me',
    token: tokenOfPerson(index * 2 + 2),
  }));
  const rates = { one: [], all: [] };
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    for (const [name, args] of [
      ['one', []],
      ['all', ['--workers', 'auto']],
    ]) {
      const server = await benchmark.startTwinkey({ args, everywhere: true });
      const target = { pid: server.pid, port: server.ports.userService, requests, connections: 32 };
      await measure(target, 2);
      rates[name].push((await measure(target, seconds * 2)).rate);
      await server.stop();
    }
  }
  const [one, all] = [median(rates.one), median(rates.all)];
  return [
    {
      path: 'GET /users/me, --workers auto against one process, rate',
      limit: `${one.toFixed(0)}/s`,
      ours: `${all.toFixed(0)}/s`,
      ratio: times(median(rates.all.map((rate, index) => rate / rates.one[index]))),
      notes: 'load and Postgres share the cores',
    },
  ];
}

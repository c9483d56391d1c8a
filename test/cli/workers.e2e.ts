import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts, listen } from '../support/free-ports.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { CliCheckout, ONE_LINE, type RunningCommand, type Variables } from './cli-checkout.js';

const STARTED = 'Ctrl-C stops it.';

let built: CliCheckout;
beforeAll(async () => {
  built = await CliCheckout.make();
});
afterAll(() => built.close());

describe('run --workers', () => {
  let database: TestDatabase;
  let env: Variables;
  beforeEach(async () => {
    database = await createEmptyDatabase();
    env = { ...(await freePorts()), BCRYPT_COST: '10', DATABASE_URL: database.url };
  });
  afterEach(() => database.close());

  const live = () =>
    fetch(`http://127.0.0.1:${env['PORT']}/health/live`, { signal: AbortSignal.timeout(5_000) });
  const scrape = async () =>
    (await fetch(`http://127.0.0.1:${env['USER_SERVICE_INTERNAL_PORT']}/metrics`)).text();
  const start = async (workers: string): Promise<RunningCommand> => {
    const running = built.start(['run', '--workers', workers], env);
    await running.untilPrinted(STARTED);
    return running;
  };

  it('serves with several processes, merges their metrics, and stops all of them', async () => {
    const running = await start('3');
    const workers = childrenOf(running);
    expect(workers).toHaveLength(3);
    expect(running.output.stdout.match(new RegExp(STARTED, 'g'))).toHaveLength(1);
    for (let index = 0; index < 12; index += 1) {
      const answer = await fetch(`http://127.0.0.1:${env['PORT']}/health/live`, {
        headers: { connection: 'close' },
      });
      expect(answer.status).toBe(200);
    }
    // A scrape collects the metrics of every process, and each new connection goes to the next process.
    for (const text of [await scrape(), await scrape(), await scrape()]) {
      const counted =
        /^twinkey_http_request_duration_seconds_count{app="identity-provider",method="GET",route="\/health\/live",status="200"} (\d+)$/m;
      expect(counted.exec(text)?.[1]).toBe('12');
    }
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect(workers.filter(isAlive)).toEqual([]);
  }, 60_000);

  it('replaces a worker that dies, while the others serve', async () => {
    const running = await start('2');
    const [first, second] = childrenOf(running) as [number, number];
    process.kill(first, 'SIGKILL');
    // Its current requests are lost; all later requests are served.
    await until(() => !isAlive(first));
    await until(() => childrenOf(running).length === 2, live);
    expect(childrenOf(running)).toContain(second);
    expect(running.output.stdout).toContain('a worker process died');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  it('replaces two workers that die together, and also their replacements', async () => {
    const running = await start('3');
    const survivors = (dead: number[]) => childrenOf(running).filter((pid) => !dead.includes(pid));
    const first = childrenOf(running);
    for (const pid of first.slice(0, 2)) process.kill(pid, 'SIGKILL');
    await until(() => survivors(first).length === 2);
    const replacements = survivors(first);
    await until(() => running.output.stdout.split('serves in its place').length > 2);
    for (const pid of replacements) process.kill(pid, 'SIGKILL');
    await until(() => survivors([...first, ...replacements]).length === 2);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  it('ends the workers when it is killed itself', async () => {
    const running = await start('2');
    const workers = childrenOf(running);
    running.child.kill('SIGKILL');
    await until(() => workers.filter(isAlive).length === 0);
  }, 60_000);

  it('reports once that a port is taken, and leaves no process running', async () => {
    const server = await listen(Number(env['PORT']));
    const { code, stderr } = await built.twinkey(['run', '--workers', '3'], env);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`${env['PORT']} is taken`);
  }, 60_000);

  it.each(['0', '-1', 'many', '2.5', '100'])('refuses %s workers', async (workers) => {
    const { code, stderr } = await built.twinkey(['run', `--workers=${workers}`], env);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(workers);
  });
});

function childrenOf({ child }: RunningCommand): number[] {
  try {
    const text = execFileSync('pgrep', ['-P', String(child.pid), '-f', 'node'], { encoding: 'utf8' });
    return text.trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits for a condition. Meanwhile every call of `request` must succeed. */
async function until(condition: () => boolean, request?: () => Promise<Response>): Promise<void> {
  const since = performance.now();
  while (!condition()) {
    if (request) expect((await request()).status).toBe(200);
    if (performance.now() - since > 20_000) throw new Error('The condition is not met after 20 s.');
    await sleep(50);
  }
}

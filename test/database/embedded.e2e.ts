import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CompiledCheckout, compileCheckout } from '../support/compiled-checkout.js';
import { listen } from '../support/free-ports.js';
import { runSql } from '../support/postgres-server.js';

/** Opens the database of the given folder, prints its URL, and closes it at SIGINT as an application does. */
const PROGRAM = `
import { openEmbeddedPostgres } from '#libs/development/postgres/embedded-postgres.js';
import { Client } from 'pg';
const [root, exclusive] = process.argv.slice(2);
try {
  const database = await openEmbeddedPostgres({ root, exclusive: exclusive === 'exclusive' });
  process.once('SIGINT', async () => {
    // Requests that are still running need the database.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const client = new Client(database.url);
    await client.connect();
    await client.query('SELECT 1');
    await client.end();
    await database.close();
    process.exit(0);
  });
  console.log(database.url);
  setInterval(() => {}, 1000);
} catch (error) {
  console.error(error.name + ': ' + error.message);
  process.exit(1);
}`;

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

let checkout: CompiledCheckout;
beforeAll(async () => {
  checkout = await compileCheckout(PROGRAM);
  await chmod(checkout.folder, 0o755);
});
afterAll(() => checkout.close());

let root: string;
const running = new Set<ChildProcess>();
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'twinkey-root-'));
  await chmod(root, 0o755);
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  await expectStopped();
  const folder = await databaseFolder(root);
  await rm(folder, { recursive: true, force: true });
  await rm(root, { recursive: true, force: true });
});

describe('the embedded Postgres', () => {
  it('is created at the first start, for this machine and this user only', async () => {
    const { url } = await open();
    const [settings] = await runSql(
      url,
      `SELECT current_setting('listen_addresses') AS address, current_setting('unix_socket_directories') AS sockets,
              lower('ÉΩ') AS lower, current_setting('server_encoding') AS encoding`,
    );
    expect(settings).toEqual({ address: '127.0.0.1', sockets: '', lower: 'éω', encoding: 'UTF8' });
    await expect(runSql(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
    expect((await stat(join(root, '.twinkey/postgres'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(root, '.twinkey/postgres/password'))).mode & 0o777).toBe(0o600);
  });

  it('has the same data and port at the second start, which is fast', async () => {
    const first = await open();
    await runSql(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.close();
    await expect(runSql(first.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const before = performance.now();
    const second = await open();
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(second.url).toBe(first.url);
    expect(await runSql(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('takes another port if another program uses the last one', async () => {
    const first = await open();
    await first.close();
    const port = Number(new URL(first.url).port);
    const other = await listen(port);
    try {
      const second = await open();
      expect(new URL(second.url).port).not.toBe(String(port));
      expect(await runSql(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      other.close();
    }
  });

  it('is created once and shared if several processes open it at the same time, and stops with the last of them', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, () => open()));
    expect(new Set(opened.map(({ url }) => url)).size).toBe(1);
    const [last, ...others] = opened;
    await Promise.all(others.map(({ close }) => close()));
    expect(await runSql(last!.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await last!.close();
    await expectStopped();
    expect(await readdir(join(root, '.twinkey/postgres'))).not.toContainEqual(
      expect.stringMatching(/data\./),
    );
  });

  it('allows one exclusive process, and tells the next one the reason', async () => {
    const first = await open('exclusive');
    const refused = start('exclusive');
    expect(await refused.failure).toBe(
      `AlreadyRunningError: Twinkey is already running from this checkout (process ${first.child.pid}).`,
    );
    const shared = await open();
    expect(shared.url).toBe(first.url);
    await first.close();
    await open('exclusive');
  });

  it('stops when the process that started it is killed, and can start again', async () => {
    const killed = await open('exclusive');
    await runSql(killed.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    killed.child.kill('SIGKILL');
    const next = await open('exclusive');
    expect(await runSql(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    next.child.kill('SIGKILL');
    await expectStopped();
  });

  it('keeps running after Ctrl-C, which the whole process group receives, until the application has drained', async () => {
    const { child } = await open('exclusive');
    process.kill(-child.pid!, 'SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await expectStopped();
  });

  it('starts again on the same port if the server itself was killed', async () => {
    const first = await open();
    const pid = (await readFile(join(root, '.twinkey/postgres/data/postmaster.pid'), 'utf8')).split('\n')[0];
    process.kill(Number(pid), 'SIGKILL');
    const second = await open();
    expect(second.url).toBe(first.url);
    expect(await runSql(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.runIf(isRoot)('runs for root from a folder that no other user can reach', async () => {
    await chmod(root, 0o700);
    const first = await open();
    await runSql(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.close();
    const folder = await databaseFolder(root);
    expect(folder).toMatch(/^\/var\/tmp\/twinkey-postgres-/);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const second = await open();
    expect(await runSql(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it.runIf(isRoot)('runs for an ordinary user', async () => {
    await chown(root, NOBODY, NOBODY);
    const { url, close } = await open('exclusive', { uid: NOBODY, gid: NOBODY });
    expect(await runSql(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await stat(join(root, '.twinkey/postgres/data'))).uid).toBe(NOBODY);
    await close();
    await expectStopped();
  });
});

function start(exclusive = '', user: { uid?: number; gid?: number } = {}) {
  const child = spawn(process.execPath, [join(checkout.folder, 'program.js'), root, exclusive], {
    ...user,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const line = (stream: NodeJS.ReadableStream) =>
    once(createInterface({ input: stream }), 'line').then(([text]) => String(text));
  const url = line(child.stdout);
  const failure = line(child.stderr);
  url.catch(() => {});
  failure.catch(() => {});
  return { child, url, failure };
}

async function open(exclusive = '', user: { uid?: number; gid?: number } = {}) {
  const { child, url, failure } = start(exclusive, user);
  const opened = await Promise.race([url, failure.then((text) => Promise.reject(new Error(text)))]);
  return {
    child,
    url: opened,
    close: async () => {
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
}

async function databaseFolder(checkoutFolder: string): Promise<string> {
  const folder = join(checkoutFolder, '.twinkey/postgres');
  return readFile(join(folder, 'location'), 'utf8').catch(() => folder);
}

/** Waits until the server has stopped: its supervisor is a separate process. */
async function expectStopped(): Promise<void> {
  const data = join(await databaseFolder(root), 'data');
  await vi.waitFor(async () => expect(await readdir(data).catch(() => [])).not.toContain('postmaster.pid'), {
    timeout: 30_000,
    interval: 20,
  });
}

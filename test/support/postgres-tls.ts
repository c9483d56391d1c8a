import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyedCertificate } from './certificates.js';
import { type PostgresServer, runSql } from './postgres-server.js';

/** Lets a server that the test has started take TLS beside plain connections, from now on. */
export async function enableTls(server: PostgresServer, { chain, key }: KeyedCertificate): Promise<void> {
  const data = join(server.folder, 'data');
  const { uid, gid } = await stat(data);
  for (const [name, text] of [
    ['server.crt', chain],
    ['server.key', key],
  ] as const) {
    await writeFile(join(data, name), text, { mode: 0o600 });
    await chown(join(data, name), uid, gid);
  }
  await runSql(server.url, 'ALTER SYSTEM SET ssl = on');
  await reload(server);
}

/** Refuses plain connections by network to everybody but the superuser, as managed servers do. */
export async function requireTls(server: PostgresServer): Promise<void> {
  await writeFile(
    join(server.folder, 'data', 'pg_hba.conf'),
    ['host all twinkey 127.0.0.1/32 scram-sha-256', 'hostssl all all 127.0.0.1/32 scram-sha-256', ''].join(
      '\n',
    ),
  );
  await reload(server);
}

/** Plain connections alone, for everybody. */
export async function disableTls(server: PostgresServer): Promise<void> {
  await writeFile(join(server.folder, 'data', 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  await runSql(server.url, 'ALTER SYSTEM SET ssl = off');
  await reload(server);
}

/** Resolves when new connections are met by the new configuration: the postmaster reads it in its own time. */
async function reload(server: PostgresServer): Promise<void> {
  const before = await loadedAt(server);
  await runSql(server.url, 'SELECT pg_reload_conf()');
  while ((await loadedAt(server)) === before) await sleep(20);
}

/** By the postmaster, whose time each new connection inherits. */
async function loadedAt(server: PostgresServer): Promise<number> {
  const [{ at }] = (await runSql(server.url, 'SELECT extract(epoch FROM pg_conf_load_time()) AS at')) as [
    { at: number },
  ];
  return at;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, truncateSync } from 'node:fs';
import { asDatabaseUser, paths } from './cluster.js';
import { ServerReference } from './server-reference.js';
import type { DataDirectory } from './data-directory.js';

/**
 * Starts the server, and stops it when the last process that uses it has ended, however it ended: each of them holds
 * a named pipe open for writing, and the kernel tells the reader when nobody does any more. A session of its own
 * keeps the terminal's Ctrl-C from it, so that the applications drain before their database goes.
 *
 * Somebody may come while the last one goes. So the pipe is first put away, and then looked at once more: who came in
 * before has left a line in it.
 */
const KEEPER = `
trap '' HUP INT TERM PIPE
"$pg_ctl" start -s -t 60 -D "$data" -l "$log" -o "-p $port" >/dev/null 2>&1 || exit 1
rm -f "$lease" "$lease.closed"
mkfifo -m 600 "$lease" || { "$pg_ctl" stop -s -m fast -D "$data"; exit 1; }
# Opened for both first: for reading alone it would wait for a writer.
exec 3<>"$lease" 4<"$lease" 3>&-
echo ready
# Until he who started us holds it too, or is gone.
read -r _
while
  cat <&4 >/dev/null
  mv "$lease" "$lease.closed"
  read -r _ <&4
do
  mv "$lease.closed" "$lease"
done
rm -f "$lease.closed"
exec "$pg_ctl" stop -s -m fast -D "$data" >/dev/null 2>&1 4<&-
`;

/** The server only ever adds to its log: a longer one is emptied before the next start. */
const LOG_LIMIT_BYTES = 1_000_000;

/**
 * Starts server and keeper.
 * @returns a lease on it, or null where it did not start: the port is taken, or another process was first
 */
export async function startSupervisor(place: DataDirectory, port: number): Promise<ServerReference | null> {
  const { data, log, lease } = paths(place);
  const options = asDatabaseUser(place);
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) truncateSync(log);
  const keeper = spawn('/bin/sh', ['-c', KEEPER], {
    ...options,
    env: { ...options.env, pg_ctl: place.binaries.pgCtl, data, log, lease, port: String(port) },
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  keeper.stdin.on('error', () => {});
  const ready = await Promise.race([
    once(keeper.stdout, 'data').then(() => true),
    once(keeper, 'exit').then(() => false),
  ]);
  const taken = ready ? ServerReference.acquire(place) : null;
  keeper.stdin.end('\n');
  keeper.stdout.destroy();
  keeper.unref();
  return taken;
}

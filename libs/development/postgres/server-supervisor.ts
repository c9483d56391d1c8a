import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, truncateSync } from 'node:fs';
import { asDatabaseUser, paths } from './cluster.js';
import type { DataDirectory } from './data-directory.js';
import { ServerReference } from './server-reference.js';

/**
 * The supervisor starts the server and stops it when the last process that uses it has ended or was killed. Each of these
 * processes holds a named pipe open for writing, and the supervisor reads end-of-file when none is left. It runs in a
 * separate session, so a Ctrl-C in the terminal does not reach it and the applications can drain before it stops.
 *
 * A process may open the pipe while the last one closes it. So the supervisor first renames the pipe and then reads once
 * more: a process that opened the pipe before the rename has written a line.
 */
const SUPERVISOR = `
trap '' HUP INT TERM PIPE
"$pg_ctl" start -s -t 60 -D "$data" -l "$log" -o "-p $port" >/dev/null 2>&1 || exit 1
rm -f "$pipe" "$pipe.closed"
mkfifo -m 600 "$pipe" || { "$pg_ctl" stop -s -m fast -D "$data"; exit 1; }
# First opened for reading and writing, because opening for reading only would wait for a writer.
exec 3<>"$pipe" 4<"$pipe" 3>&-
echo ready
# Wait until the starting process has opened the pipe too, or has ended.
read -r _
while
  cat <&4 >/dev/null
  mv "$pipe" "$pipe.closed"
  read -r _ <&4
do
  mv "$pipe.closed" "$pipe"
done
rm -f "$pipe.closed"
exec "$pg_ctl" stop -s -m fast -D "$data" >/dev/null 2>&1 4<&-
`;

/** The server only appends to its log: a larger log is emptied before the next start. */
const LOG_LIMIT_BYTES = 1_000_000;

/**
 * Starts the supervisor and the server.
 * @returns a reference, or null if the server did not start: the port is taken, or another process was first
 */
export async function startSupervisor(
  directory: DataDirectory,
  port: number,
): Promise<ServerReference | null> {
  const { data, log, pipe } = paths(directory);
  const options = asDatabaseUser(directory);
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) truncateSync(log);
  const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR], {
    ...options,
    env: { ...options.env, pg_ctl: directory.binaries.pgCtl, data, log, pipe, port: String(port) },
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  supervisor.stdin.on('error', () => {});
  const ready = await Promise.race([
    once(supervisor.stdout, 'data').then(() => true),
    once(supervisor, 'exit').then(() => false),
  ]);
  const reference = ready ? ServerReference.acquire(directory) : null;
  supervisor.stdin.end('\n');
  supervisor.stdout.destroy();
  supervisor.unref();
  return reference;
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CachedProgram, FETCH_TIMEOUT, run } from './cached-program.js';

const HELM = '3.22.0';
const FLAGS = ['-trimpath', '-ldflags=-s -w'];
const SCHEMAS = fileURLToPath(new URL('schemas', import.meta.url));
const go = (args: string[], cwd: string, env: Record<string, string> = {}) =>
  run('go', args, { cwd, env: { ...process.env, ...env }, timeout: FETCH_TIMEOUT, maxBuffer: 2 ** 26 });

export const helm = new CachedProgram(`helm-${HELM}`, 'helm', (folder) =>
  go(['install', ...FLAGS, `helm.sh/helm/v3/cmd/helm@v${HELM}`], folder, { GOBIN: folder }),
);

const version = createHash('sha256');
for (const file of ['main.go', 'go.mod', 'go.sum']) version.update(readFileSync(join(SCHEMAS, file)));

/** Checks the fields of Kubernetes objects (`schemas/main.go`). */
export const schemas = new CachedProgram(
  `kubernetes-schemas-${version.digest('hex').slice(0, 12)}`,
  'schemas',
  (folder) => go(['build', ...FLAGS, '-o', join(folder, 'schemas'), '.'], SCHEMAS),
);

/** Of Debian's package, which is unpacked and not installed: it would start a server. */
export const promtool = new CachedProgram('prometheus', 'usr/bin/promtool', async (folder) => {
  await run('apt-get', ['download', 'prometheus'], { cwd: folder, timeout: FETCH_TIMEOUT });
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  await run('dpkg', ['-x', join(folder, archive as string), folder]);
});

import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type { KeycloakRuntime } from './keycloak-runtime.js';

/** The parts of the distribution that Keycloak reads. It expects them and its data in one folder, its home. */
const SHARED = ['lib', 'conf', 'providers', 'themes'];

/**
 * Creates a Keycloak home: links to the shared distribution and a separate `data` folder, which later starts reuse.
 * Keycloak imports the realm if its database has no realm of that name.
 */
export async function prepareHome(
  home: string,
  runtime: KeycloakRuntime,
  realm: RealmRepresentation | null,
): Promise<void> {
  const imports = join(home, 'data', 'import');
  await rm(imports, { recursive: true, force: true });
  await mkdir(imports, { recursive: true, mode: 0o700 });
  if (realm) {
    await writeFile(join(imports, `${realm.realm}-realm.json`), JSON.stringify(realm));
  }
  if (runtime.kind === 'java') {
    for (const name of SHARED) {
      await rm(join(home, name), { recursive: true, force: true });
      await symlink(join(runtime.distribution, name), join(home, name), 'junction');
    }
  }
}

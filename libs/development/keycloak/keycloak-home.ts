import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type { KeycloakRuntime } from './keycloak-runtime.js';

/** What Keycloak reads of its distribution; it looks for all of it, and for its data, in one folder, its home. */
const SHARED = ['lib', 'conf', 'providers', 'themes'];

/**
 * Makes a Keycloak's home: links to the shared distribution around a `data` folder of its own, which a second start
 * finds as it was. A realm is imported where the database holds none of its name, and left alone where it does.
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

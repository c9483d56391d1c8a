import { fileURLToPath } from 'node:url';
import { readSources, type SourceFile } from './source-file.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Everything that is built, and the specs beside it. */
export function checkout(): SourceFile[] {
  return readSources(root, ['apps', 'libs', 'migrations', 'keycloak']);
}

export function tests(): SourceFile[] {
  return readSources(root, ['test']);
}

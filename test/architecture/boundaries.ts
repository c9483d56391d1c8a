import type { SourceFile } from './source-file.js';

/**
 * The allowed imports. Applications never import each other: they communicate over HTTP, so that they can be deployed
 * separately. Libraries depend on each other in one direction: config ← http ← auth ← health, and http ← database.
 */
const MAY_IMPORT: Record<string, string[]> = {
  'apps/identity-provider': ['libs/config', 'libs/http', 'libs/auth', 'libs/health', 'libs/database'],
  'apps/user-service': ['libs/config', 'libs/http', 'libs/auth', 'libs/health', 'libs/database'],
  'apps/cli': [
    ...['apps/identity-provider', 'apps/user-service', 'keycloak'],
    ...['libs/config', 'libs/http', 'libs/auth', 'libs/health', 'libs/database'],
  ],
  'libs/config': [],
  'libs/http': ['libs/config'],
  'libs/auth': ['libs/config', 'libs/http'],
  'libs/health': ['libs/config', 'libs/http', 'libs/auth'],
  'libs/database': ['libs/config', 'libs/http', 'migrations'],
  migrations: [],
  keycloak: ['libs/config'],
};

/** A message for each import that crosses a boundary, and for each folder without a rule. */
export function crossings(files: SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const allowed = MAY_IMPORT[areaOf(path)];
    if (!allowed) return [`${path}: ${areaOf(path)} has no rule in boundaries.ts`];
    return imports
      .filter(({ target }) => isProjectFile(target) && areaOf(target) !== areaOf(path))
      .filter(({ target }) => !allowed.includes(areaOf(target)) && !isTestSupport(path, target))
      .map(({ target, line }) => `${path}:${line} imports ${target}`);
  });
}

/** `apps/cli`, `libs/http`, `migrations`. */
function areaOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'apps' || first === 'libs' ? `${first}/${second}` : first;
}

function isProjectFile(target: string): boolean {
  return ['apps/', 'libs/', 'migrations/', 'keycloak/', 'test/', 'bench/'].some((root) =>
    target.startsWith(root),
  );
}

function isTestSupport(path: string, target: string): boolean {
  return path.endsWith('.spec.ts') && target.startsWith('test/support/');
}

import type { SourceFile } from './source-file.js';

const APP = [
  'core',
  'config',
  'observability',
  'http',
  'openapi',
  'verify',
  'auth',
  'health',
  'database',
  'audit',
  'authority-feed',
  'background',
  'redis',
].map((name) => `libs/${name}`);

/**
 * The imports that each area may have. An application never imports the other one: it calls it over HTTP, so that they can
 * be deployed apart. Libraries point one way: core ← config ← observability ← http ← openapi, auth ← health, and
 * core, config, http ← database ← authority-feed; observability ← background; auth, background, database ← audit.
 * libs/redis imports nothing. libs/verify is a package of its own: it imports nothing of the others, and auth, health,
 * database, audit and authority-feed are built on it.
 */
const MAY_IMPORT: Record<string, string[]> = {
  'apps/identity-provider': APP,
  'apps/user-service': APP,
  'apps/cli': ['apps/identity-provider', 'apps/user-service', 'libs/development', ...APP],
  'libs/core': [],
  'libs/config': ['libs/core'],
  'libs/observability': ['libs/core', 'libs/config'],
  'libs/http': ['libs/core', 'libs/config', 'libs/observability'],
  'libs/openapi': ['libs/core', 'libs/config', 'libs/http'],
  'libs/verify': [],
  'libs/auth': ['libs/verify', 'libs/core', 'libs/config', 'libs/http', 'libs/observability'],
  'libs/health': ['libs/verify', 'libs/core', 'libs/config', 'libs/http', 'libs/auth', 'libs/observability'],
  'libs/database': [
    'libs/verify',
    'libs/core',
    'libs/config',
    'libs/http',
    'libs/observability',
    'migrations',
  ],
  'libs/redis': [],
  'libs/background': ['libs/observability'],
  'libs/audit': ['libs/core', 'libs/verify', 'libs/http', 'libs/auth', 'libs/database', 'libs/background'],
  'libs/authority-feed': ['libs/verify', 'libs/core', 'libs/http', 'libs/database'],
  'libs/development': ['libs/core', 'libs/config', 'libs/database'],
  migrations: [],
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

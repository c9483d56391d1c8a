import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const shared = {
  resolve: { alias: [{ find: /^#(libs|apps|migrations)\//, replacement: `${root}$1/` }] },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
};

/** A project whose files (`test/….<name>.ts`) talk to real servers, which its global setups start. */
const real = (name: string, globalSetup: string[], include = [`test/**/*.${name}.ts`]) => ({
  ...shared,
  test: {
    name,
    include,
    // Its files share the workers' processes, which import the applications once. What a file starts, it closes.
    isolate: false,
    setupFiles: ['test/support/setup.ts'],
    globalSetup: ['test/support/compiled.global.ts', ...globalSetup],
    // Twice as many as cores in CI: most of these tests wait for processes, timeouts and other servers. The unit tests run
    // before them.
    maxWorkers: 4,
    sequence: { groupOrder: 1 },
    // Many tests start processes, and the machine may be busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A machine that CI shares with others may stand still for seconds; what fails twice is ours.
    retry: process.env['CI'] ? 1 : 0,
  },
});

const except = (exclude: string[], project: ReturnType<typeof real>) => ({
  ...project,
  test: { ...project.test, exclude },
});

/** What PgBouncer itself is tested with. */
const POOLER_TESTS = ['test/database/{pgbouncer,replica}.e2e.ts'];

/** The e2e files with the most different use of the database, once more through a PgBouncer. */
const POOLED_TESTS = [
  'test/identity-provider/{accounts,sessions-refresh,login-throttle}.e2e.ts',
  'test/user-service/{concurrency,internal}.e2e.ts',
  'test/authority-feed/{changes,people}.e2e.ts',
  'test/cli/seed.e2e.ts',
];

/** Runs when all others have ended: compiling Helm, once on a machine, would keep their workers waiting for minutes. */
const last = (project: ReturnType<typeof real>) => ({
  ...project,
  test: { ...project.test, sequence: { groupOrder: 2 } },
});

/**
 * `unit`: specs beside the source, no process and no network.
 * `e2e`: real HTTP against a real Postgres. `pgbouncer`: some of them through a real PgBouncer, or with TEST_PGBOUNCER=all
 * all of them. `keycloak`: also against a real Keycloak. `browser`: also in a real Chromium.
 * `deploy`: the Helm chart and the alert rules.
 */
export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['{apps,libs,migrations,test/architecture}/**/*.spec.ts'],
          setupFiles: ['test/support/setup.ts'],
          isolate: false,
        },
      },
      except(POOLER_TESTS, real('e2e', ['test/support/postgres.global.ts'])),
      real(
        'pgbouncer',
        ['test/support/postgres.global.ts', 'test/support/pgbouncer.global.ts'],
        process.env['TEST_PGBOUNCER'] === 'all' ? ['test/**/*.e2e.ts'] : [...POOLER_TESTS, ...POOLED_TESTS],
      ),
      last(real('deploy', ['test/support/postgres.global.ts'])),
      real('keycloak', ['test/support/postgres.global.ts', 'test/support/keycloak.global.ts']),
      real('browser', ['test/support/postgres.global.ts', 'test/support/keycloak.global.ts']),
    ],
  },
});

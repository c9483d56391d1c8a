import { describe, expect, test } from 'vitest';
import { KEYCLOAK_IMAGE } from './keycloak-release.js';
import { type LaunchOptions, launchOf } from './launch-command.js';

const options: LaunchOptions = {
  host: '127.0.0.1',
  port: 8080,
  publicUrl: 'http://localhost:8080',
  home: '/checkout/.twinkey/keycloak',
  heapMegabytes: 512,
  admin: { username: 'root', password: 'admin-password' },
  environment: { PATH: '/bin', HOME: '/home/me', KC_DB: 'postgres', KEYCLOAK_CLIENT_SECRET: 'client-secret' },
};
const runtimes = [
  { kind: 'java', java: '/opt/java/bin/java', distribution: '/cache/keycloak' },
  { kind: 'docker', docker: 'docker' },
] as const;

describe.each(runtimes)('Keycloak with $kind', (runtime) => {
  const { args, environment } = launchOf(runtime, options);

  test('gets its secrets from the environment, which ps does not show', () => {
    expect(args.join(' ')).not.toMatch(/admin-password|client-secret/);
    expect(environment).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      KEYCLOAK_CLIENT_SECRET: 'client-secret',
      KC_BOOTSTRAP_ADMIN_USERNAME: 'root',
      KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin-password',
    });
  });

  test('imports the realm, has the configured hostname and a small heap', () => {
    expect(args).toEqual(
      expect.arrayContaining(['--import-realm', '--http-port=8080', '--hostname=http://localhost:8080']),
    );
    expect(args.join(' ')).toContain('-Xmx512m');
  });
});

test('Java runs from the shared distribution and listens on the given address only', () => {
  const { command, args, container } = launchOf(runtimes[0], options);
  expect(command).toBe('/opt/java/bin/java');
  expect(args).toContain('/cache/keycloak/lib/quarkus-run.jar');
  expect(args).toContain('-Dkc.home.dir=/checkout/.twinkey/keycloak');
  expect(args).toContain('--http-host=127.0.0.1');
  expect(container).toBeNull();
});

test('a container is removed when it ends, is published on the given address only, and keeps its data on the host', () => {
  const { command, args, container } = launchOf(runtimes[1], options);
  const before = args.slice(0, args.indexOf(KEYCLOAK_IMAGE)).join(' ');
  expect(command).toBe('docker');
  expect(before).toContain(`run --rm --name ${container} `);
  expect(before).toContain('--publish 127.0.0.1:8080:8080');
  expect(before).toContain('--volume /checkout/.twinkey/keycloak/data:/opt/keycloak/data');
  expect(before).toContain('--env KC_BOOTSTRAP_ADMIN_PASSWORD');
  expect(before).toContain('--env KEYCLOAK_CLIENT_SECRET');
  expect(before).not.toContain('PATH');
});

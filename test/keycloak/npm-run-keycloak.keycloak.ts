import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type CompiledCheckout, compileCheckout } from '../support/compiled-checkout.js';
import { freePort, listen, portOf } from '../support/free-ports.js';
import { readToken, requestClientToken } from '../support/keycloak-tokens.js';

const SLOW_MS = 180_000;
const PROGRAM = `
import { main } from './dist/libs/development/keycloak/keycloak-command.js';
process.exitCode = await main(process.argv.slice(2), import.meta.dirname);
`;

class Running {
  readonly exited: Promise<number | NodeJS.Signals | null>;
  output = '';

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  }

  /** Resolves when the program has printed `text`; throws with its output if it ends before. */
  async untilPrinted(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const ended = await Promise.race([this.exited, sleep(50, 'running' as const)]);
      if (ended !== 'running' && !this.output.includes(text)) throw new Error(`${ended}: ${this.output}`);
    }
  }
}

describe.skipIf(inject('keycloak').shippedRealm === null)('npm run keycloak', () => {
  let checkout: CompiledCheckout;
  let port: number;
  const children: Running[] = [];

  const run = (args: string[], environment: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [join(checkout.folder, 'program.js'), ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new Running(child);
    children.push(running);
    return running;
  };
  /** Resolves when no server listens on the port any more. */
  const untilPortIsFree = async () => {
    while (await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).catch(() => null))
      await sleep(50);
  };

  beforeAll(async () => {
    checkout = await compileCheckout(PROGRAM);
    port = await freePort();
  });
  afterAll(async () => {
    for (const { child } of children) child.kill('SIGKILL');
    await checkout?.close();
  });

  test(
    'prints working settings, and stops everything that it started on Ctrl-C',
    async () => {
      const keycloak = run(['--port', String(port)], { KEYCLOAK_CLIENT_SECRET: 'from-the-environment' });
      await keycloak.untilPrinted('Ctrl-C');
      const settings = Object.fromEntries(
        [...keycloak.output.matchAll(/^(KEYCLOAK_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
      );
      expect(settings).toEqual({
        KEYCLOAK_URL: `http://localhost:${port}`,
        KEYCLOAK_REALM: 'myrealm',
        KEYCLOAK_CLIENT_ID: 'user-service',
        KEYCLOAK_CLIENT_SECRET: 'from-the-environment',
        KEYCLOAK_ROLE_MAP: 'twinkey-admin=admin',
      });
      const issuer = `${settings['KEYCLOAK_URL']}/realms/${settings['KEYCLOAK_REALM']}`;
      const { KEYCLOAK_CLIENT_ID: id, KEYCLOAK_CLIENT_SECRET: secret } = settings;
      const token = await requestClientToken(issuer, String(id), String(secret));
      expect(readToken(token)[1]).toMatchObject({ iss: issuer });

      keycloak.child.kill('SIGINT');
      expect(await keycloak.exited).toBe(0);
      await untilPortIsFree();
      expect(keycloak.output).not.toContain('Warning');
    },
    SLOW_MS,
  );

  test(
    'warns if its database has another secret, and leaves no process running when it is killed',
    async () => {
      const keycloak = run(['--port', String(port)], { KEYCLOAK_CLIENT_SECRET: 'changed-afterwards' });
      await keycloak.untilPrinted('Ctrl-C');
      expect(keycloak.output).toMatch(/Warning: Keycloak refuses KEYCLOAK_CLIENT_SECRET \(401\)/);

      keycloak.child.kill('SIGKILL');
      await keycloak.exited;
      await untilPortIsFree();
    },
    SLOW_MS,
  );

  test('stops immediately on a signal during the start', async () => {
    const keycloak = run(['--port', String(port)]);
    await keycloak.untilPrinted('Starting Keycloak');
    await sleep(1500);
    keycloak.child.kill('SIGTERM');
    expect(await keycloak.exited).toBe(0);
    await untilPortIsFree();
  });

  test('reports in one line that a port is taken', async () => {
    const other = await listen();
    const taken = portOf(other);
    const keycloak = run(['--port', taken]);
    expect(await keycloak.exited).toBe(1);
    expect(keycloak.output.replace('Starting Keycloak …\n', '')).toMatch(
      new RegExp(`^Port ${taken} is taken.*\n$`),
    );
    other.close();
  });

  test.each([
    ['an unknown option', ['--prot', '8080'], {}, /^Unknown option '--prot'.*\n$/],
    ['an invalid port', ['--port', '99999'], {}, /^--port must be a port number.*\n$/],
    [
      'production',
      [],
      { ENVIRONMENT: 'production' },
      /^(Starting Keycloak …\n)?ENVIRONMENT is production.*\n$/,
    ],
    [
      'a machine without Java and Docker',
      ['--port', '0'],
      { PATH: '/nowhere', JAVA_HOME: '' },
      /^(Starting Keycloak …\n)?Keycloak can't run here: there is no Java, and no Docker engine answers. Install Java .*\n$/,
    ],
  ])('refuses %s with one line', async (_, args, environment, line) => {
    const keycloak = run(args, environment);
    expect(await keycloak.exited).toBe(1);
    expect(keycloak.output).toMatch(line);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findFreePort } from '#libs/development/keycloak/ports.js';
import { type CompiledCheckout, compileCheckout } from '../support/compiled-checkout.js';
import { readToken, requestTokens } from '../support/keycloak-tokens.js';

const SLOW_MS = 180_000;
const PROGRAM = `
import { main } from './dist/keycloak/command.js';
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

  /** Resolves when it has printed `text`, and throws with what it did print where it ends before. */
  async prints(text: string): Promise<void> {
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
  /** Resolves when nobody listens on the port any more. */
  const portIsFree = async () => {
    while (await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).catch(() => null))
      await sleep(50);
  };

  beforeAll(async () => {
    checkout = await compileCheckout(PROGRAM);
    port = await findFreePort('127.0.0.1');
  });
  afterAll(async () => {
    for (const { child } of children) child.kill('SIGKILL');
    await checkout?.close();
  });

  test(
    'prints settings that work, and ends with all that it started on Ctrl-C',
    async () => {
      const keycloak = run(['--port', String(port)], { KEYCLOAK_CLIENT_SECRET: 'from-the-environment' });
      await keycloak.prints('Ctrl-C');
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
      const { accessToken } = await requestTokens(issuer, {
        grant_type: 'client_credentials',
        client_id: String(settings['KEYCLOAK_CLIENT_ID']),
        client_secret: String(settings['KEYCLOAK_CLIENT_SECRET']),
      });
      expect(readToken(accessToken)[1]).toMatchObject({ iss: issuer });

      keycloak.child.kill('SIGINT');
      expect(await keycloak.exited).toBe(0);
      await portIsFree();
      expect(keycloak.output).not.toContain('Warning');
    },
    SLOW_MS,
  );

  test(
    'warns where its data holds another secret, and leaves nothing behind when it is killed',
    async () => {
      const keycloak = run(['--port', String(port)], { KEYCLOAK_CLIENT_SECRET: 'changed-afterwards' });
      await keycloak.prints('Ctrl-C');
      expect(keycloak.output).toMatch(/Warning: Keycloak refuses KEYCLOAK_CLIENT_SECRET \(401\)/);

      keycloak.child.kill('SIGKILL');
      await keycloak.exited;
      await portIsFree();
    },
    SLOW_MS,
  );

  test('ends at once on a signal while it is starting', async () => {
    const keycloak = run(['--port', String(port)]);
    await keycloak.prints('Starting Keycloak');
    await sleep(1500);
    keycloak.child.kill('SIGTERM');
    expect(await keycloak.exited).toBe(0);
    await portIsFree();
  });

  test('says in one line that a port is taken', async () => {
    const other = createServer();
    const taken = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    const keycloak = run(['--port', String(taken)]);
    expect(await keycloak.exited).toBe(1);
    expect(keycloak.output.replace('Starting Keycloak …\n', '')).toMatch(
      new RegExp(`^Port ${taken} is taken.*\n$`),
    );
    other.close();
  });

  test.each([
    ['an unknown option', ['--prot', '8080'], {}, /^Unknown option '--prot'.*\n$/],
    ['a port that is none', ['--port', '99999'], {}, /^--port must be a port number.*\n$/],
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
      /^(Starting Keycloak …\n)?Keycloak can't run here: there is no Java, and no Docker engine answers. To get it: .*\n$/,
    ],
  ])('refuses %s with one line', async (_, args, environment, line) => {
    const keycloak = run(args, environment);
    expect(await keycloak.exited).toBe(1);
    expect(keycloak.output).toMatch(line);
  });
});

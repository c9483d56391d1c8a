import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSource } from '../architecture/source-file.js';
import { type Consumer, installVerify, ROOT } from '../support/packed-package.js';

const run = promisify(execFile);

let consumer: Consumer;
let installed: string;
let manifest: {
  exports: Record<string, { types: string; default: string } | string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};

beforeAll(async () => {
  consumer = await installVerify();
  installed = join(consumer.folder, 'node_modules/@twinkey/verify');
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
}, 180_000);
afterAll(() => consumer?.close());

/** Runs a program in the consumer's folder. It must end by itself. */
async function program(text: string): Promise<string> {
  const file = join(consumer.folder, 'program.mjs');
  await writeFile(file, text);
  const { stdout } = await run(process.execPath, [file], { cwd: consumer.folder, timeout: 20_000 });
  return stdout.trim();
}

describe('the tarball', () => {
  it('contains code, types and documents, and no tests', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json']));
    expect(files.filter((file) => /(^src|\.spec\.|tsconfig)/.test(file))).toEqual([]);
    for (const file of files.filter((file) => file.endsWith('.js'))) {
      expect(files).toContain(file.replace(/\.js$/, '.d.ts'));
    }
  });

  it('has an entry for each name of its exports', () => {
    const entries = Object.entries(manifest.exports).filter(([name]) => name !== './package.json');
    expect(entries.map(([name]) => name)).toEqual(['.', './nest', './fastify', './express', './testing']);
    for (const [, entry] of entries) {
      for (const file of Object.values(entry)) expect(existsSync(join(installed, file)), file).toBe(true);
    }
  });

  it('installs neither a framework nor a database', () => {
    const packages = readdirSync(join(consumer.folder, 'node_modules'));
    expect(packages).toContain('jwks-rsa');
    for (const name of ['@nestjs', 'fastify', 'express', 'passport', 'passport-jwt', 'typeorm', 'pg']) {
      expect(packages).not.toContain(name);
    }
  });

  /** The packages that an entry imports, with all files that it imports. */
  function importsOf(entry: string): string[] {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { target } of parseSource(file, readFileSync(join(installed, file), 'utf8')).imports) {
        if (existsSync(join(installed, target.replace(/\.ts$/, '.js'))))
          follow(target.replace(/\.ts$/, '.js'));
        else packages.add(target);
      }
    };
    follow(posix.normalize((manifest.exports[entry] as { default: string }).default));
    expect(seen.size).toBeGreaterThan(3);
    return [...packages].filter((name) => !name.startsWith('node:')).sort();
  }

  it('imports nothing but Node, and the packages that it declares', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['jwks-rsa']);
    expect(importsOf('.')).toEqual(['jwks-rsa']);
    expect(importsOf('./testing')).toEqual(['jwks-rsa']);
    expect(importsOf('./nest')).toEqual(['@nestjs/common', '@nestjs/core']);
    expect(importsOf('./fastify')).toEqual([]);
    expect(importsOf('./express')).toEqual([]);
    for (const name of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
    }
  });
});

describe('a process with the package alone', () => {
  it('verifies tokens of both issuers with keys over HTTP, and ends although the verifier is open', async () => {
    const output = await program(`
      import { createVerifier, keycloak, native } from '@twinkey/verify';
      import { startTestIssuers } from '@twinkey/verify/testing';
      await import('@twinkey/verify/express');
      await import('@twinkey/verify/fastify');
      const issuers = await startTestIssuers({ audience: 'reports', roleMap: { helpdesk: 'support' } });
      const verifier = createVerifier({
        issuers: [native(issuers.native.options), keycloak(issuers.keycloak.options)],
      });
      const names = [];
      for (const { mintToken } of [issuers.native, issuers.keycloak]) {
        const { issuer, username, roles } = await verifier.verify(mintToken());
        names.push([issuer, username, ...roles].join(' '));
      }
      await issuers.close();
      console.log(names.join(', '));
    `);
    expect(output).toBe('native ada@example.com support, keycloak alice support');
  });

  it('refuses options that it does not know, so that none is ignored', async () => {
    const output = await program(`
      import { createVerifier } from '@twinkey/verify';
      import { createTestIssuers } from '@twinkey/verify/testing';
      try {
        createVerifier({ issuers: createTestIssuers().trusted, audiance: 'reports' });
      } catch (error) {
        console.log(error.message);
      }
    `);
    expect(output).toBe('Unknown option of createVerifier: audiance.');
  });
});

it('refuses all forged tokens in a process of its own', async () => {
  const report = join(consumer.folder, 'report.json');
  const args = ['run', '--project=unit', '--reporter=json', `--outputFile=${report}`];
  const specs = ['libs/verify/src/token/', 'libs/verify/src/token-verifier.spec.ts'];
  const env = { ...process.env, PACKED_VERIFIER: consumer.folder };
  await run(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args, ...specs], {
    cwd: ROOT,
    env,
  }).catch(() => {});
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { message: string; assertionResults: { fullName: string; status: string }[] }[];
  };
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const packed = results.filter(({ fullName }) => fullName.startsWith('the packed package'));
  expect(testResults.map(({ message }) => message).filter(Boolean)).toEqual([]);
  expect(results.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(packed.length).toBeGreaterThan(200);
}, 180_000);

describe('the types', () => {
  const PROGRAM = `
    import { createVerifier, hasPermission, keycloak, native, TokenError, type Principal, type TokenErrorCode } from '@twinkey/verify';
    import { createTestIssuers, testKey } from '@twinkey/verify/testing';

    const verifier = createVerifier({
      issuers: [
        native({ issuer: 'https://id.example.com', audience: 'https://api.example.com' }),
        keycloak({ url: 'https://sso.example.com', realm: 'main', audience: 'api', roleMap: { a: 'admin' } }),
      ],
      observer: { tokenRefused: ({ code, detail }) => void [code satisfies TokenErrorCode, detail] },
    });
    const issuers = createTestIssuers();
    const token: string = issuers.native.mintToken({ claims: { sub: 'a' }, key: testKey('k') });
    const caller: Principal = await verifier.verify(token);
    const may: boolean = hasPermission(caller.permissions, 'reports:read');
    // @ts-expect-error: a principal is read-only
    caller.sub = 'b';
    // @ts-expect-error: there is no such code
    if (new TokenError('expired').code === 'expierd') await verifier.close();
    export { may };
  `;
  const FRAMEWORKS = `
    import { Controller, Get, Module } from '@nestjs/common';
    import express from 'express';
    import Fastify from 'fastify';
    import type { Verifier } from '@twinkey/verify';
    import { requirePermission as mustHave, requireToken } from '@twinkey/verify/express';
    import { requirePermission, verifyPlugin } from '@twinkey/verify/fastify';
    import { Authenticated, Caller, type Principal, RequirePermission, VerifyModule } from '@twinkey/verify/nest';

    declare const verifier: Verifier;

    const server = Fastify();
    await server.register(verifyPlugin, { verifier });
    server.get('/', { config: { public: true } }, (request) => request.caller?.sub);
    server.get('/reports', { onRequest: requirePermission('reports:read') }, () => []);

    const app = express();
    app.use(requireToken(verifier));
    app.get('/', mustHave('reports:read'), (request, response) => void response.json(request.caller?.sub));

    @Controller()
    export class Reports {
      @Get('mine')
      @Authenticated()
      mine(@Caller() caller: Principal): string {
        return caller.sub;
      }

      @Get()
      @RequirePermission('reports:read')
      list(): string[] {
        return [];
      }
    }

    @Module({ imports: [VerifyModule.forRoot(verifier)], controllers: [Reports] })
    export class AppModule {}
  `;

  /** Compiles a file of the consumer, who has these packages too. @returns the compiler's output */
  async function compile(text: string, packages: string[], options: string[]): Promise<string> {
    for (const name of packages) {
      const link = join(consumer.folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      if (!existsSync(link)) await symlink(join(ROOT, 'node_modules', name), link);
    }
    await writeFile(join(consumer.folder, 'main.ts'), text);
    const args = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    return run(process.execPath, [tsc, ...args, ...options, 'main.ts'], { cwd: consumer.folder }).then(
      () => '',
      ({ stdout }) => String(stdout),
    );
  }

  it('compile for a consumer who also checks libraries', async () => {
    expect(await compile(PROGRAM, ['@types/node'], ['--skipLibCheck', 'false'])).toBe('');
  }, 180_000);

  it('compile with each framework', async () => {
    const packages = ['@nestjs/common', '@nestjs/core', 'express', '@types/express', 'fastify'];
    const options = ['--skipLibCheck', 'false', '--experimentalDecorators', '--emitDecoratorMetadata'];
    expect(await compile(FRAMEWORKS, ['@types/node', ...packages], options)).toBe('');
  }, 180_000);
});

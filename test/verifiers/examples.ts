import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { vi } from 'vitest';
import { findPython } from '../support/python.js';
import { AppModule } from './node/nestjs.js';
import {
  askServer,
  type Command,
  environmentOf,
  programVerifier,
  type StartedVerifier,
  serverVerifier,
  type VerifierSettings,
} from './verifier.js';

export interface Example {
  name: string;
  /** Of one issuer's tokens, or of both at once. */
  start(trusted: VerifierSettings, ...others: VerifierSettings[]): Promise<StartedVerifier>;
  /** It refuses Keycloak's tokens. */
  nativeOnly?: true;
}

const run = promisify(execFile);
const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const node = (file: string): Command => ({
  program: process.execPath,
  args: [file],
  cwd: folder('node'),
});

const asProgram = (name: string, command: Command): Example => ({
  name,
  start: async (trusted) => programVerifier(command, environmentOf(trusted)),
});
const asServer = (name: string, command: Command): Example => ({
  name,
  start: (trusted) => serverVerifier(command, environmentOf(trusted)),
});

/** It takes several issuers at once. */
export const JOSE_WITH_BOTH: Example = {
  name: 'jose, both issuers',
  start: async (...trusted) =>
    programVerifier(node('jose-both-issuers.mjs'), { TRUSTED_ISSUERS: JSON.stringify(trusted) }),
};

const NODE: Example[] = [
  asProgram('jose', node('jose.mjs')),
  JOSE_WITH_BOTH,
  asServer('express-oauth2-jwt-bearer', node('express.mjs')),
  asServer('@fastify/jwt and get-jwks', node('fastify.mjs')),
  asServer('Hono', node('hono.mjs')),
  { name: 'NestJS with passport-jwt and jwks-rsa', start: startNest },
];

async function startNest(trusted: VerifierSettings): Promise<StartedVerifier> {
  for (const [name, value] of Object.entries(environmentOf(trusted))) vi.stubEnv(name, value);
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    verify: (token) => askServer(url, token),
    close: async () => {
      await app.close();
      vi.unstubAllEnvs();
    },
  };
}

const python = await findPython('jwt, cryptography, authlib, joserfc', 'the verifiers in Python');
const script = (file: string): Command => ({
  program: python ?? 'python3',
  args: [file],
  cwd: folder('python'),
});

const PYTHON: Example[] = [
  asProgram('PyJWT', script('with_pyjwt.py')),
  asProgram('joserfc', script('with_joserfc.py')),
  { ...asProgram('Authlib', script('with_authlib.py')), nativeOnly: true },
];

/** They download and compile for minutes, so they run only where `TEST_VERIFIERS=all` asks for them. */
const COMPILED: Example[] = [
  asProgram('go-oidc', { program: 'go', args: ['run', '.'], cwd: folder('go') }),
  asProgram('jsonwebtoken', { program: 'cargo', args: ['run', '-q'], cwd: folder('rust') }),
  {
    name: 'Spring Security',
    start: async (trusted) => {
      const cwd = folder('spring');
      await run('mvn', ['-q', '-B', 'package'], { cwd });
      const command = { program: 'java', args: ['-jar', 'target/verifier-1.jar'], cwd };
      return serverVerifier(command, environmentOf(trusted));
    },
  },
];

/** Those that can run on this machine. */
export const EXAMPLES: Example[] = [
  ...NODE,
  ...(python === null ? [] : PYTHON),
  ...(process.env['TEST_VERIFIERS'] === 'all' ? COMPILED : []),
];

import type { TestProject } from 'vitest/node';
import type { KeycloakUnderTest } from './keycloak-server.js';
import { keycloakUnderTest } from './keycloak-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: KeycloakUnderTest;
  }
}

type Shared = Awaited<ReturnType<typeof keycloakUnderTest>>;

/** One server for all projects of the run: each project loads this file separately. */
const shared = globalThis as { twinkeyTestKeycloak?: { server: Promise<Shared>; users: number } };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.twinkeyTestKeycloak ??= { server: keycloakUnderTest(process.env), users: 0 };
  const running = shared.twinkeyTestKeycloak;
  running.users += 1;
  const server = await running.server;
  project.provide('keycloak', server.keycloak);
  return async () => {
    running.users -= 1;
    if (running.users > 0) return;
    delete shared.twinkeyTestKeycloak;
    await server.close();
  };
}

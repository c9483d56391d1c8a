import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { findSchemathesis, runSchemathesis } from './schemathesis.js';

const program = await findSchemathesis();
const given = process.env['FUZZ_SECONDS'];
const seconds = given ? Number(given) : null;

let both: BothServices;
beforeEach(async () => {
  both = await startBothServices({ docs: true });
});
afterEach(() => both?.close());

const ROLES = {
  'an anonymous caller': async () => null,
  'a user without permissions': async () => (await both.idp.signIn([])).api.token,
  'an admin': async () => {
    const { id } = await both.idp.systemRole('admin');
    return (await both.idp.signIn([], { roleId: id })).api.token;
  },
};
const urlOf = {
  'identity-provider': () => both.idp.api.url.replace('/api/v1', ''),
  'user-service': () => both.service.api.url,
  internal: () => both.service.internal.url,
};
/** Operations that would end the token's session. (Accounts of the factories have no password to change.) */
const ENDS_THE_SESSION = [
  'authLogout',
  'authLogoutAll',
  'authEndSession',
  'accountSessionsEnd',
  'accountSessionsEndAll',
];

/** Phase `coverage` takes most of the time, and finds little for a role that is refused everywhere. */
const WITHOUT_COVERAGE = 'examples,fuzzing,stateful';
const ALL = `coverage,${WITHOUT_COVERAGE}`;

describe.skipIf(program === null)('requests of schemathesis are answered as documented', () => {
  for (const app of Object.keys(urlOf) as (keyof typeof urlOf)[]) {
    for (const role of Object.keys(ROLES) as (keyof typeof ROLES)[]) {
      // The internal port does not look at the roles of its callers.
      if (app === 'internal' && role !== 'an anonymous caller') continue;
      it(
        `by ${app}, to ${role}`,
        async () => {
          const token = await ROLES[role]();
          const except = app === 'identity-provider' && token !== null ? ENDS_THE_SESSION : [];
          const phases = role === 'an admin' || app === 'internal' ? ALL : WITHOUT_COVERAGE;
          const campaign = { url: urlOf[app](), token, except, phases, seconds };
          const { code, output } = await runSchemathesis(program as string, campaign);
          expect(code, output).toBe(0);
        },
        120_000 + (seconds ?? 0) * 2_000,
      );
    }
  }
});

import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { CALLBACK } from '../support/openid-provider.js';
import { balancedUrls, startHaproxy } from './support/haproxy.js';
import { codeSteps, deviceSteps, type Step } from './support/oauth-flows.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { openTestEnvironment, type TestEnvironment } from './support/test-environment.js';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

let environment: TestEnvironment;
const closers: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  environment = await openTestEnvironment();
  await environment.identity.manager.save(OauthClient, {
    id: newId(),
    clientId: 'frontend',
    name: 'Frontend',
    type: 'public' as const,
    grantTypes: ['authorization_code', 'refresh_token', DEVICE],
    redirectUris: [CALLBACK],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: null,
    firstParty: true,
    roleId: null,
  });
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await environment?.close();
});

interface Service {
  issuer: string;
  /** Kills one of its two processes. */
  killOne(): Promise<unknown>;
}

/** The issuer is on loopback, so that cookies work without TLS. */
const env = (issuer: string) => ({ ...environment.env, ENVIRONMENT: 'test', JWT_ISSUER: issuer });

async function startReplicas(): Promise<Service> {
  const urls = await balancedUrls();
  const issuer = urls.identityProvider;
  const settings = { ...env(issuer), IDENTITY_PROVIDER_URL: issuer, TRUST_PROXY: 'loopback' };
  const replicas = await Promise.all([1, 2].map(() => Replica.start(environment.checkout, 'all', settings)));
  closers.push(...replicas.map((replica) => () => replica.kill()));
  const balancer = await startHaproxy(urls, replicas);
  closers.push(() => balancer.close());
  return { issuer, killOne: () => (replicas[0] as Replica).kill() };
}

async function startWorkers(): Promise<Service> {
  // Its issuer comes from its port.
  const replica = await Replica.start(
    environment.checkout,
    'identity-provider',
    { ...env(''), LOG_LEVEL: 'info' },
    ['--workers', '2'],
  );
  closers.push(() => replica.kill());
  // One worker is ready before the other starts.
  await expect.poll(() => replica.log, { timeout: 120_000 }).toContain('identity-provider listens');
  const killOne = async () => {
    const workers = execFileSync('pgrep', ['-P', String(replica.pid), '-f', 'node'], { encoding: 'utf8' });
    process.kill(Number(workers.split('\n')[0]), 'SIGKILL');
    // Until the supervisor knows, it may give a connection to the dead process: such a request is in flight.
    await expect.poll(() => replica.log, { timeout: 60_000 }).toContain('a worker process died');
  };
  return { issuer: `http://localhost:${replica.ports.PORT}`, killOne };
}

it.each([
  ['one of two replicas behind HAProxy', startReplicas],
  ['one of --workers 2', startWorkers],
])(
  'kill -9 of %s at each step of code flow, refresh and device flow: no flow is lost',
  async (name, start) => {
    const { issuer, killOne } = await start();
    const flows: { rest: Step[] }[] = [];
    for (const stepsOf of [codeSteps, deviceSteps]) {
      const { length } = stepsOf(issuer, '');
      for (let done = 1; done < length; done += 1) {
        const steps = stepsOf(issuer, (await environment.account('user')).email);
        for (const step of steps.slice(0, done)) await step();
        flows.push({ rest: steps.slice(done) });
      }
    }
    await killOne();
    const ends = await Promise.allSettled(
      flows.map(async ({ rest }) => {
        for (const step of rest) await step();
      }),
    );
    const lost = ends.filter((end) => end.status === 'rejected');
    await record({
      scenario: `kill -9 of ${name}, ${flows.length} sign-ins at different steps`,
      lost: lossOf(lost.length, 'sign-ins'),
      figures: `${ends.length - lost.length} completed`,
    });
    expect(lost.map(({ reason }) => `${reason} ${reason.cause ?? ''}`)).toEqual([]);
  },
  300_000,
);

/**
 * Sign-ins through the pages of the OpenID Provider: from the authorization request to the tokens, with code and PKCE. A
 * sign-in may cost the hash of the password and 15 % more CPU time.
 */
import { BenchBrowser, CALLBACK, CLIENT, createClient } from './bench-browser.mjs';
import { PASSWORD } from './benchmark-environment.mjs';
import { median } from './load-generator.mjs';
import { CONCURRENT_LOGINS } from './logins.mjs';
import { cpuTime, outputOfNode } from './processes.mjs';
import { username } from './sample-rows.mjs';
import { micros, print, times } from './table.mjs';

const REQUIRED = 1.15;
const PEOPLE = 400;

export async function pageSignIns(benchmark, { rounds, seconds }) {
  await createClient(benchmark.databaseUrl);
  const server = await benchmark.startTwinkey();
  const issuer = {
    name: benchmark.env.JWT_ISSUER,
    root: `http://127.0.0.1:${server.ports.identityProvider}`,
  };
  const length = Math.max(4, seconds * 2);
  try {
    await signInFor(issuer, length);
    const pairs = [];
    for (let round = 0; round < rounds; round += 1) {
      const args = ['bench/raw-bcrypt.mjs', PASSWORD, benchmark.passwordHash, String(length)];
      const hash = JSON.parse(await outputOfNode(args)).cpu;
      const before = cpuTime(server.pid);
      const count = await signInFor(issuer, length);
      pairs.push({ hash, ours: (cpuTime(server.pid) - before) / count });
    }
    const ratio = median(pairs.map(({ hash, ours }) => ours / hash));
    print(`sign-in through the pages: ${times(ratio)} of a hash`);
    return [
      {
        path: 'sign-in through the pages, CPU against one hash',
        limit: micros(median(pairs.map(({ hash }) => hash))),
        ours: micros(median(pairs.map(({ ours }) => ours))),
        ratio: times(ratio),
        required: `≤ ${REQUIRED}`,
        isMet: ratio <= REQUIRED,
      },
    ];
  } finally {
    server.child.kill('SIGKILL');
  }
}

let next = 0;

/** @returns the number of sign-ins */
async function signInFor(issuer, seconds) {
  const end = performance.now() + seconds * 1_000;
  let count = 0;
  const browser = async () => {
    while (performance.now() < end) {
      next += 1;
      await signIn(issuer, username(1 + (next % PEOPLE)));
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, browser));
  return count;
}

async function signIn(issuer, email) {
  const browser = new BenchBrowser(issuer);
  const { page, verifier } = await browser.authorize();
  const form = { email, password: PASSWORD };
  const { text } = await browser.open(page.url, form);
  const onward = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(text)?.[1].replaceAll('&amp;', '&');
  const { url } = await browser.open(new URL(onward, page.url).href);
  const code = new URL(url).searchParams.get('code');
  const grant = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: CLIENT };
  const tokens = await browser.open(`${issuer.name}/oauth/token`, { ...grant, code_verifier: verifier });
  if (tokens.status !== 200) throw new Error(`The token endpoint answered ${tokens.status}: ${tokens.text}`);
}

/**
 * Sign-ins through the pages of the OpenID Provider: from the authorization request to the tokens, with code and PKCE. A
 * sign-in may cost the hash of the password and 15 % more CPU time.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { PASSWORD } from './benchmark-environment.mjs';
import { median } from './load-generator.mjs';
import { CONCURRENT_LOGINS } from './logins.mjs';
import { cpuTime, outputOfNode } from './processes.mjs';
import { sql, username } from './sample-rows.mjs';
import { micros, print, times } from './table.mjs';

const CLIENT = 'bench';
const CALLBACK = 'https://app.bench.test/callback';
const REQUIRED = 1.15;
const PEOPLE = 400;

export async function pageSignIns(benchmark, { rounds, seconds }) {
  await sql(
    benchmark.databaseUrl,
    `INSERT INTO identity.oauth_clients (id, client_id, name, type, grant_types, redirect_uris, first_party)
     VALUES ($1, $2, 'Bench', 'public', '{authorization_code}', $3, true)`,
    [randomUUID(), CLIENT, [CALLBACK]],
  );
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
  const browser = new Browser(issuer);
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: CLIENT,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid',
    state: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = await browser.open(`${issuer.name}/oauth/authorize?${query}`);
  const form = { email, password: PASSWORD };
  const { text } = await browser.open(page.url, form);
  const onward = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(text)?.[1].replaceAll('&amp;', '&');
  const { url } = await browser.open(new URL(onward, page.url).href);
  const code = new URL(url).searchParams.get('code');
  const grant = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: CLIENT };
  const tokens = await browser.open(`${issuer.name}/oauth/token`, { ...grant, code_verifier: verifier });
  if (tokens.status !== 200) throw new Error(`The token endpoint answered ${tokens.status}: ${tokens.text}`);
}

/** Keeps cookies and follows redirects within the issuer, which it reaches over http. */
class Browser {
  cookies = new Map();

  constructor({ name, root }) {
    this.name = name;
    this.root = root;
  }

  async open(url, form) {
    if (!url.startsWith(this.name)) return { url };
    const response = await fetch(url.replace(this.name, this.root), {
      redirect: 'manual',
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      headers: {
        cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '),
        ...(form ? { origin: this.name } : {}),
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location) {
      await response.arrayBuffer();
      return this.open(new URL(location, url).href);
    }
    return { url, status: response.status, text: await response.text() };
  }
}

/**
 * `--only enumeration`: whether the time of an answer tells which addresses have an account. Each request is sent with a
 * known and with an unknown address in turn, and the medians of both are compared.
 */
import { once } from 'node:events';
import bcrypt from 'bcrypt';
import { SMTPServer } from 'smtp-server';
import { BenchBrowser, createClient } from './bench-browser.mjs';
import { PASSWORD } from './benchmark-environment.mjs';
import { median } from './load-generator.mjs';
import { cpuTime } from './processes.mjs';
import { sql } from './sample-rows.mjs';
import { micros, millis, print } from './table.mjs';

const TOLERANCE = 0.05;
/** Pairs of a request that do not count, until V8 has compiled its code. */
const WARM_UP = 30;
const PAIRS_PER_ROUND = 40;
/** Without a hash a request is short, and needs more pairs for a median that does not vary. */
const SHORT = { pairsPerRound: 160 };

/** The lowest cost: a hash takes the same time for all, and should hide as little as possible of the rest. */
const COST = 10;
const SETTINGS = {
  BCRYPT_COST: String(COST),
  REGISTRATION: 'open',
  MAIL_FROM: 'bench@example.com',
  LOGIN_MAX_FAILURES: '1000000',
  LOGIN_MAX_FAILURES_PER_ADDRESS: '1000000',
};

const WRONG = { password: 'not the password of the bench' };
const NEW = { password: 'a new password of the bench' };

/** Each gives the request to measure, which returns its status. */
const api =
  (path, body = {}) =>
  ({ root }, email) =>
  async () => {
    const response = await fetch(`${root}/api/v1/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, ...body }),
    });
    await response.arrayBuffer();
    return response.status;
  };

const page =
  (path, body = {}) =>
  (issuer, email) =>
  async () =>
    (await new BenchBrowser(issuer).open(issuer.name + path, { email, ...body })).status;

async function signInPage(issuer, email) {
  const browser = new BenchBrowser(issuer);
  const { page: start } = await browser.authorize();
  return async () => (await browser.open(start.url, { email, ...WRONG })).status;
}

async function passkeyOptions(issuer, email) {
  const browser = new BenchBrowser(issuer);
  const { page: start } = await browser.authorize();
  await browser.open(start.url, { email, ...WRONG });
  return async () => (await browser.open(`${start.url}/passkey-options`, {})).status;
}

/** `isUnverified`: the known addresses are not verified yet. `repeats`: how often it is sent after its preparation. */
const REQUESTS = [
  { path: 'POST /api/v1/auth/register', prepare: api('register', NEW), status: 202 },
  { path: 'the same, unverified', prepare: api('register', NEW), status: 202, isUnverified: true },
  { path: 'POST /api/v1/auth/forgot-password', prepare: api('forgot-password'), status: 202, ...SHORT },
  { path: 'POST /api/v1/auth/login', prepare: api('login', WRONG), status: 401 },
  { path: 'the page /signup', prepare: page('/signup', NEW), status: 200 },
  { path: 'the page /forgot-password', prepare: page('/forgot-password'), status: 200, ...SHORT },
  { path: 'the sign-in page', prepare: signInPage, status: 401 },
  { path: 'options of passkeys, after that', prepare: passkeyOptions, status: 200, repeats: 5 },
];

/** @param {{ rounds: number, path: string }} options `path`: a part of the request's name */
export async function enumeration(benchmark, { rounds, path = '' }) {
  const mail = await startMailServer();
  await createClient(benchmark.databaseUrl);
  await addAccounts(benchmark.databaseUrl, WARM_UP + rounds * SHORT.pairsPerRound);
  const server = await benchmark.startTwinkey({ extra: { ...SETTINGS, SMTP_URL: mail.url } });
  const issuer = {
    name: benchmark.env.JWT_ISSUER,
    root: `http://127.0.0.1:${server.ports.identityProvider}`,
  };
  try {
    const rows = [];
    for (const [index, request] of REQUESTS.entries()) {
      if (!request.path.includes(path)) continue;
      const { pairsPerRound = PAIRS_PER_ROUND } = request;
      const emails = Array.from({ length: WARM_UP + rounds * pairsPerRound }, (_, pair) =>
        knownEmail(index, pair),
      );
      rows.push(rowOf(request, await compare(request, { issuer, emails, pid: server.pid })));
    }
    return rows;
  } finally {
    server.child.kill('SIGKILL');
    mail.close();
  }
}

async function compare({ path, prepare, status, repeats = 1 }, { issuer, emails, pid }) {
  const measured = { known: [], unknown: [] };
  for (const [pair, known] of emails.entries()) {
    const sent = Object.entries({ known, unknown: known.replace('@', '@no.') });
    // Both come first equally often.
    for (const [kind, email] of pair % 2 === 0 ? sent : sent.reverse()) {
      const request = await prepare(issuer, email);
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        const before = { cpu: cpuTime(pid), at: performance.now() };
        const answer = await request();
        const ms = performance.now() - before.at;
        if (answer !== status) throw new Error(`${path} answered ${answer}`);
        if (pair >= WARM_UP) measured[kind].push({ ms, cpu: cpuTime(pid) - before.cpu });
      }
    }
  }
  const medians = (unit) => ({
    known: median(measured.known.map((each) => each[unit])),
    unknown: median(measured.unknown.map((each) => each[unit])),
  });
  // What other work on the machine makes of a ratio that should be 1.
  const half = (which) =>
    median(measured.unknown.flatMap(({ ms }, pair) => ((pair >> 3) % 2 === which ? [ms] : [])));
  return { ms: medians('ms'), cpu: medians('cpu'), halves: half(0) / half(1) };
}

function rowOf({ path }, { ms, cpu, halves }) {
  const ratios = [ms, cpu].map(({ known, unknown }) => known / unknown);
  const ratio = ratios.map((each) => each.toFixed(3)).join(' and ');
  print(`${path}: ${ratio}`);
  return {
    path: `${path}, clock and CPU`,
    limit: `${millis(ms.unknown)}, ${micros(cpu.unknown)}`,
    ours: `${millis(ms.known)}, ${micros(cpu.known)}`,
    ratio,
    required: `1 ± ${TOLERANCE}`,
    notes: `${halves.toFixed(3)} between halves of the unknown ones, by clock`,
    isMet: ratios.every((each) => Math.abs(each - 1) <= TOLERANCE),
  };
}

const knownEmail = (request, pair) => `known-${request}-${pair}@example.com`;

/** Accounts for each request, because an address gets five mails in an hour. */
async function addAccounts(url, pairs) {
  const unverified = REQUESTS.flatMap(({ isUnverified }, index) => (isUnverified ? [index] : []));
  await sql(
    url,
    `INSERT INTO identity.accounts (id, email, email_key, email_verified, password_hash, role_id)
     SELECT gen_random_uuid(), email, email, request <> ALL($3), $4, (SELECT id FROM identity.roles WHERE name = 'user')
     FROM generate_series(0, $1 - 1) request, generate_series(0, $2 - 1) pair,
       LATERAL (SELECT 'known-' || request || '-' || pair || '@example.com' AS email) named`,
    [REQUESTS.length, pairs, unverified, await bcrypt.hash(PASSWORD, COST)],
  );
  await sql(url, 'VACUUM ANALYZE identity.accounts');
}

async function startMailServer() {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData: (stream, _session, callback) => stream.on('end', callback).resume(),
  });
  // A client that disconnects is no fault of the server.
  server.on('error', () => {});
  const listener = server.listen(0, '127.0.0.1');
  if (!listener.listening) await once(listener, 'listening');
  return {
    url: `smtp://127.0.0.1:${listener.address().port}?tls=off`,
    close: () => server.close(),
  };
}

/**
 * Measures whether logins use the whole machine and other requests stay fast meanwhile. It needs an identity-provider on
 * this machine, which should have no other work:
 *
 *     node bench/login-saturation.mjs http://127.0.0.1:8001 admin@example.com admin123 [seconds] [bcrypt cost]
 */
import http from 'node:http';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';

const [origin = 'http://127.0.0.1:8001', email = 'admin@example.com', password = 'admin123', ...numbers] =
  process.argv.slice(2);
const [seconds = 10, cost = 12] = numbers.map(Number);

/** Enough to keep every core busy, and within the limits per email and address. */
const CONCURRENT_LOGINS = 8;
const FLOOD = 200;
const agent = new http.Agent({ keepAlive: true });

/** @returns {Promise<{ status: number, ms: number, body: string }>} */
function send(method, path, { token, body } = {}) {
  const start = performance.now();
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(body ? { 'content-type': 'application/json' } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${origin}/api/v1${path}`, { method, headers, agent }, async (response) => {
      const text = (await response.toArray()).join('');
      resolve({ status: response.statusCode, ms: performance.now() - start, body: text });
    });
    request.on('error', reject).end(body && JSON.stringify(body));
  });
}

const login = () => send('POST', '/auth/login', { body: { email, password } });

/** One request every 10 ms. @returns {Promise<number[]>} sorted milliseconds */
async function latencies(token) {
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const { status, ms } = await send('GET', '/auth/me', { token });
    if (status !== 200) throw new Error(`/auth/me answered ${status}`);
    times.push(ms);
    await sleep(10);
  }
  return times.sort((a, b) => a - b);
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const spread = (sorted) =>
  `median ${quantile(sorted, 0.5).toFixed(2)}, p99 ${quantile(sorted, 0.99).toFixed(2)}, longest ${sorted.at(-1).toFixed(2)} ms`;

async function rawHashesPerSecond() {
  const hash = await bcrypt.hash(password, cost);
  let done = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const loop = async () => {
    while (performance.now() < end) {
      await bcrypt.compare(password, hash);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, loop));
  return (done * 1000) / (performance.now() - start);
}

/** @param {string | null} token for requests of `/auth/me` meanwhile; null sends none */
async function saturated(token) {
  let done = 0;
  let stopped = false;
  const loops = Array.from({ length: CONCURRENT_LOGINS }, async () => {
    while (!stopped) {
      const { status } = await login();
      if (status === 200) done += 1;
    }
  });
  await sleep(2_000);
  done = 0;
  const start = performance.now();
  const times = token ? await latencies(token) : await sleep(seconds * 1000);
  const rate = (done * 1000) / (performance.now() - start);
  stopped = true;
  await Promise.all(loops);
  return { rate, times };
}

const print = (line) => process.stdout.write(`${line}\n`);
const first = await login();
if (first.status !== 200) throw new Error(`The login answered ${first.status}: ${first.body}`);
const { token } = JSON.parse(first.body).data;

const raw = await rawHashesPerSecond();
print(`raw bcrypt, cost ${cost}: ${raw.toFixed(2)} a second`);
print(`/auth/me, idle: ${spread(await latencies(token))}`);
const alone = await saturated(null);
print(
  `${CONCURRENT_LOGINS} concurrent logins: ${alone.rate.toFixed(2)} per second, ${(alone.rate / raw).toFixed(3)} of raw bcrypt`,
);
const { rate, times } = await saturated(token);
print(`/auth/me meanwhile: ${spread(times)}, logins: ${rate.toFixed(2)} a second`);

const answers = await Promise.all(Array.from({ length: FLOOD }, login));
for (const status of new Set(answers.map((answer) => answer.status))) {
  const times = answers.filter((answer) => answer.status === status).map(({ ms }) => ms);
  print(`${FLOOD} simultaneous logins, ${status}: ${times.length}, ${spread(times.sort((a, b) => a - b))}`);
}
agent.destroy();

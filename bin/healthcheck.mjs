/*
 * Exits with code 0 if every listener of this container is ready: identity-provider's, user-service's internal one, or
 * both. A port without a listener belongs to an app that runs in another container.
 */
const { HOST = '', PORT, USER_SERVICE_INTERNAL_HOST = '', USER_SERVICE_INTERNAL_PORT } = process.env;
const TIMEOUT_MS = 4_000;

const answers = await Promise.all([
  statusOf(HOST, PORT || 8001),
  statusOf(USER_SERVICE_INTERNAL_HOST, USER_SERVICE_INTERNAL_PORT || 3001),
]);
const running = answers.filter((status) => status !== null);
process.exitCode = running.length > 0 && running.every((status) => status === 200) ? 0 : 1;

/** The status of a listener's `/health/ready`; null if nothing listens, 0 if it does not answer. */
async function statusOf(configured, port) {
  const host = configured.replace(/^\[(.*)\]$/, '$1');
  const isWildcard = ['', '0.0.0.0', '::'].includes(host);
  const address = isWildcard ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${address}:${port}/health/ready`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.status;
  } catch (error) {
    return error.cause?.code === 'ECONNREFUSED' ? null : 0;
  }
}

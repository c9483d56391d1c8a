/*
 * Exit code 0 where every listener that this container runs is ready: identity-provider's, user-service's internal
 * one, or both. A port that nobody listens on is an app that runs elsewhere.
 */
const { HOST = '', PORT, USER_SERVICE_INTERNAL_HOST = '', USER_SERVICE_INTERNAL_PORT } = process.env;
const PATIENCE_MS = 4_000;

const answers = await Promise.all([
  statusOf(HOST, PORT || 8001),
  statusOf(USER_SERVICE_INTERNAL_HOST, USER_SERVICE_INTERNAL_PORT || 3001),
]);
const running = answers.filter((status) => status !== null);
process.exitCode = running.length > 0 && running.every((status) => status === 200) ? 0 : 1;

/** The status of a listener's `/health/ready`; null where there is no listener, 0 where it does not answer. */
async function statusOf(written, port) {
  const host = written.replace(/^\[(.*)\]$/, '$1');
  const isAny = ['', '0.0.0.0', '::'].includes(host);
  const address = isAny ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${address}:${port}/health/ready`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return answer.status;
  } catch (error) {
    return error.cause?.code === 'ECONNREFUSED' ? null : 0;
  }
}

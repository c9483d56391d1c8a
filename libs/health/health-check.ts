import { ApiProperty } from '@nestjs/swagger';

/** `off` means that the dependency is not configured. */
export type DependencyStatus = 'ok' | 'down' | 'off';

export interface Health {
  status: 'ok' | 'degraded' | 'down';
  checks: Record<string, DependencyStatus>;
}

/** Calls a dependency; rejects or takes too long if it is not available. `null` if it is not configured. */
export type Probe = (() => Promise<unknown>) | null;

export interface Dependencies {
  /** The service is `down` if one of these is down. */
  required: Record<string, Probe>;
  /** The service is `degraded` if one of these is down. */
  optional?: Record<string, Probe>;
}

/**
 * How long a probe may take. An optional dependency that does not respond must not delay the response until a load
 * balancer (2 s in `deploy/haproxy.cfg`, 1 s in Kubernetes) considers the service dead.
 */
const TIMEOUT_MS = { required: 2_000, optional: 500 };

/**
 * Checks all dependencies at the same time.
 * @param maxTimeoutMs the longest time for each probe
 */
export async function checkHealth(
  { required, optional = {} }: Dependencies,
  maxTimeoutMs = Number.POSITIVE_INFINITY,
): Promise<Health> {
  const checkAll = (
    probes: Record<string, Probe>,
    timeoutMs: number,
  ): Promise<[string, DependencyStatus][]> =>
    Promise.all(
      Object.entries(probes).map(async ([name, probe]) => [
        name,
        await checkProbe(probe, Math.min(timeoutMs, maxTimeoutMs)),
      ]),
    );
  const [requiredChecks, optionalChecks] = await Promise.all([
    checkAll(required, TIMEOUT_MS.required),
    checkAll(optional, TIMEOUT_MS.optional),
  ]);
  const anyDown = (checks: [string, DependencyStatus][]) => checks.some(([, check]) => check === 'down');
  const status = anyDown(requiredChecks) ? 'down' : anyDown(optionalChecks) ? 'degraded' : 'ok';
  return { status, checks: Object.fromEntries([...requiredChecks, ...optionalChecks]) };
}

async function checkProbe(probe: Probe, timeoutMs: number): Promise<DependencyStatus> {
  if (probe === null) return 'off';
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('probe timed out')), timeoutMs);
  });
  try {
    await Promise.race([probe(), timeout]);
    return 'ok';
  } catch {
    return 'down';
  } finally {
    clearTimeout(timer);
  }
}

export class HealthReply implements Health {
  @ApiProperty({ enum: ['ok', 'degraded', 'down'] })
  status: Health['status'];

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['ok', 'down', 'off'] },
    example: { database: 'ok', keycloak: 'off' },
  })
  checks: Record<string, DependencyStatus>;
}

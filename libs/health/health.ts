import { ApiProperty } from '@nestjs/swagger';

/** How a dependency is: `off` where it is not configured. */
export type DependencyStatus = 'ok' | 'down' | 'off';

export interface Health {
  status: 'ok' | 'degraded' | 'down';
  checks: Record<string, DependencyStatus>;
}

/** Asks one dependency; rejects, or takes too long, where it is away. `null`: not configured. */
export type Probe = (() => Promise<unknown>) | null;

export interface Dependencies {
  /** Without one of these the service is `down`. */
  required: Record<string, Probe>;
  /** Without one of these it is `degraded`. */
  optional?: Record<string, Probe>;
}

/**
 * How long (ms) a probe may take. An optional one that hangs must not make the answer so late that a load balancer
 * (two seconds in `deploy/haproxy.cfg`, one in Kubernetes) takes the whole service for dead.
 */
const PATIENCE = { required: 2_000, optional: 500 };

/**
 * The state of this process and what it depends on.
 * @param patience of each probe, at most (ms)
 */
export async function checkHealth(
  { required, optional = {} }: Dependencies,
  patience = Number.POSITIVE_INFINITY,
): Promise<Health> {
  const ask = (probes: Record<string, Probe>, limit: number): Promise<[string, DependencyStatus][]> =>
    Promise.all(
      Object.entries(probes).map(async ([name, probe]) => [
        name,
        await checkOf(probe, Math.min(limit, patience)),
      ]),
    );
  const [vital, useful] = await Promise.all([
    ask(required, PATIENCE.required),
    ask(optional, PATIENCE.optional),
  ]);
  const anyDown = (checks: [string, DependencyStatus][]) => checks.some(([, check]) => check === 'down');
  const status = anyDown(vital) ? 'down' : anyDown(useful) ? 'degraded' : 'ok';
  return { status, checks: Object.fromEntries([...vital, ...useful]) };
}

async function checkOf(probe: Probe, patience: number): Promise<DependencyStatus> {
  if (probe === null) return 'off';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('probe timed out')), patience);
  });
  try {
    await Promise.race([probe(), late]);
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

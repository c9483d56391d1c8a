import { ApiProperty } from '@nestjs/swagger';

/** How a dependency is: `off` where it is not configured. */
export type Check = 'ok' | 'down' | 'off';

export interface Health {
  status: 'ok' | 'degraded' | 'down';
  checks: Record<string, Check>;
}

/** Asks one dependency; rejects, or takes too long, where it is away. `null`: not configured. */
export type Probe = (() => Promise<unknown>) | null;

/** Readiness may not hang with its dependency. */
const PROBE_TIMEOUT = 2_000;

/**
 * The state of this process and what it depends on.
 * @param required without one of these the service is `down`
 * @param optional without one of these it is `degraded`
 */
export async function healthOf(
  required: Record<string, Probe>,
  optional: Record<string, Probe> = {},
): Promise<Health> {
  const ask = async ([name, probe]: [string, Probe]): Promise<[string, Check]> => [
    name,
    await checkOf(probe),
  ];
  const [vital, useful] = await Promise.all([
    Promise.all(Object.entries(required).map(ask)),
    Promise.all(Object.entries(optional).map(ask)),
  ]);
  const anyDown = (checks: [string, Check][]) => checks.some(([, check]) => check === 'down');
  const status = anyDown(vital) ? 'down' : anyDown(useful) ? 'degraded' : 'ok';
  return { status, checks: Object.fromEntries([...vital, ...useful]) };
}

async function checkOf(probe: Probe): Promise<Check> {
  if (probe === null) return 'off';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('probe timed out')), PROBE_TIMEOUT);
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
    example: { database: 'ok' },
  })
  checks: Record<string, Check>;
}

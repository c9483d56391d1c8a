import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { mapAuditEvent } from '#libs/audit/audit-events.dto.js';
import { type AuditPeriod, mergeByTime, readAuditEvents } from '#libs/audit/audit-export.js';
import type { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { DatabaseCommandError, type DatabaseSchema, requireMigrated } from '../migrate/schema-migrations.js';

/** How much text is written at once. */
const CHUNK = 65_536;

/**
 * Prints the events of all schemas in the order of time, as JSON lines or as one array. No more is read than standard
 * output accepts.
 * @throws UserFacingError
 */
export async function exportEvents(
  schemas: readonly DatabaseSchema[],
  period: AuditPeriod,
  { asArray }: { asArray: boolean },
): Promise<void> {
  await requireMigrated([...schemas]);
  for (const { dataSource } of schemas) await dataSource.initialize();
  try {
    const events = mergeByTime(schemas.map((schema) => eventsOf(schema, period)));
    const text = asArray ? arrayOf(events) : linesOf(events);
    await pipeline(Readable.from(inChunks(text)), process.stdout, { end: false });
  } catch (error) {
    // The reader has closed the pipe: `| head`.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  } finally {
    for (const { dataSource } of schemas) await dataSource.destroy();
  }
}

async function* eventsOf({ name, dataSource }: DatabaseSchema, period: AuditPeriod) {
  try {
    yield* readAuditEvents(dataSource, period);
  } catch (error) {
    throw new DatabaseCommandError(name, error, (dataSource.options as { url: string }).url);
  }
}

async function* linesOf(events: AsyncIterable<AuditEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(mapAuditEvent(event))}\n`;
}

async function* arrayOf(events: AsyncIterable<AuditEvent>): AsyncGenerator<string> {
  let separator = '[';
  for await (const event of events) {
    yield `${separator}\n${JSON.stringify(mapAuditEvent(event))}`;
    separator = ',';
  }
  yield separator === '[' ? '[]\n' : '\n]\n';
}

async function* inChunks(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

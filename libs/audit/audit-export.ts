import type { DataSource } from 'typeorm';
import { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';

export interface AuditPeriod {
  /** Null: from the oldest event on. */
  from: Date | null;
  /** Events before this time. */
  to: Date;
}

const BATCH = 1_000;

/** All events of a period, the oldest first, read in batches: the memory does not grow with their number. */
export async function* readAuditEvents(
  database: DataSource,
  { from, to }: AuditPeriod,
): AsyncGenerator<AuditEvent, void, undefined> {
  let after: AuditEvent | undefined;
  for (;;) {
    const events = database
      .createQueryBuilder(AuditEvent, 'event')
      .where('event.at < :to', { to })
      .orderBy('event.at')
      .addOrderBy('event.id')
      .limit(BATCH);
    // The time alone as well: Postgres leaves out partitions by it, and not by a pair.
    if (after)
      events.andWhere('event.at >= :at AND (event.at, event.id) > (:at, :id)', {
        at: after.at,
        id: after.id,
      });
    else if (from) events.andWhere('event.at >= :from', { from });
    const batch = await events.getMany();
    yield* batch;
    if (batch.length < BATCH) return;
    after = batch.at(-1);
  }
}

/** Merges sources that are ordered by time, so that the result is. */
export async function* mergeByTime(
  sources: readonly AsyncGenerator<AuditEvent, void, undefined>[],
): AsyncGenerator<AuditEvent, void, undefined> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
  for (;;) {
    let first: { source: AsyncGenerator<AuditEvent>; event: AuditEvent; index: number } | null = null;
    for (const [index, { source, next }] of heads.entries()) {
      if (!next.done && (first === null || next.value.at < first.event.at))
        first = { source, event: next.value, index };
    }
    if (first === null) return;
    yield first.event;
    heads[first.index] = { source: first.source, next: await first.source.next() };
  }
}

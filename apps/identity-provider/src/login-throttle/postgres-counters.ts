import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { findPostgresError } from '#libs/database/pg-errors.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import type { CountersRead, CounterTable } from './counter-table.js';
import {
  type CounterRow,
  forEachScope,
  READ,
  stateOf,
  type ThrottleKeys,
  valuesOf,
  WRITE,
  WRITE_WITH_EVENTS,
} from './login-throttle-rows.js';
import { type Counters, current, expiryOf, type Limits, SCOPES } from './login-throttle-rules.js';

interface RowsRead extends CountersRead {
  revisions: Record<keyof Counters, number>;
}

/** The counters in Postgres: all replicas share them, and they survive restarts. Only the database's clock counts. */
@Injectable()
export class PostgresCounters implements CounterTable<RowsRead> {
  constructor(private readonly database: DataSource) {}

  async read(keys: ThrottleKeys, limits: Limits): Promise<RowsRead> {
    const rows = await preparedQuery<CounterRow>(this.database, {
      ...READ,
      values: [SCOPES.map((scope) => keys[scope])],
    });
    const now = Math.max(...rows.map((row) => row.now.getTime()));
    const states = forEachScope((_, index) => stateOf(rows[index]!));
    return {
      now,
      counters: forEachScope((scope) => current(states[scope], limits[scope], now)),
      revisions: forEachScope((scope) => states[scope].revision),
    };
  }

  async write(
    keys: ThrottleKeys,
    limits: Limits,
    { revisions, now }: RowsRead,
    { next, events }: { next: Counters; events: string | null },
  ): Promise<boolean> {
    // A fixed order of the rows prevents deadlocks between writers.
    const scopes = SCOPES.toSorted((a, b) => keys[a].compare(keys[b]));
    const values = scopes.flatMap((scope) =>
      valuesOf(keys[scope], revisions[scope] + 1, next[scope], expiryOf(next[scope], limits[scope], now)),
    );
    try {
      await preparedQuery(
        this.database,
        events === null ? { ...WRITE, values } : { ...WRITE_WITH_EVENTS, values: [...values, events] },
      );
      return true;
    } catch (error) {
      if (findPostgresError(error)?.code === '23502') return false;
      throw error;
    }
  }
}

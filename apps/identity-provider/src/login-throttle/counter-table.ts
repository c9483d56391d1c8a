import type { ThrottleKeys } from './login-throttle-keys.js';
import type { Counters, Limits } from './login-throttle-rules.js';

/** The counters of one attempt as read: what is expired is left out. */
export interface CountersRead {
  /** The clock of the server that holds them, in milliseconds since the epoch. */
  now: number;
  counters: Counters;
}

/** Where counters are kept. `read` returns what `write` compares with. */
export interface CounterTable<Read extends CountersRead = CountersRead> {
  read(keys: ThrottleKeys, limits: Limits): Promise<Read>;
  /**
   * Writes three counters and the events, or nothing.
   * @param events the parameter of `insertAudit`; only Postgres has the audit log
   * @returns false, without a change, if a counter was changed since it was read
   */
  write(
    keys: ThrottleKeys,
    limits: Limits,
    seen: Read,
    change: { next: Counters; events: string | null },
  ): Promise<boolean>;
}

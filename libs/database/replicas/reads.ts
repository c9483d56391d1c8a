import type { QueryResultRow } from 'pg';
import type { EntityManager } from 'typeorm';
import type { PreparedStatement } from '../queries/prepared-query.js';

/**
 * Reads everything that was committed before the read began: every user reads back what they wrote, on every process of the
 * apps. From the primary, or from a replica if the settings have one: the database module chooses.
 * Never for decisions about rights. @see docs/decisions/replicas.md
 */
export abstract class Reads {
  /** @param read only reads; it may run twice */
  abstract run<T>(read: (manager: EntityManager) => Promise<T>): Promise<T>;

  /** Like `preparedQuery`. */
  abstract query<Row extends QueryResultRow>(statement: PreparedStatement): Promise<Row[]>;
}

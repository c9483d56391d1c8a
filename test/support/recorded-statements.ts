import { Client, Pool } from 'pg';
import { vi } from 'vitest';
import type { PreparedStatement } from '#libs/database/queries/prepared-query.js';

export interface RecordedStatements {
  /** The prepared ones, in the order in which they were sent. */
  readonly named: PreparedStatement[];
  /** The texts of all others. */
  readonly unnamed: string[];
  stop(): void;
}

/** Records the statements that this process sends from now on. */
export function recordStatements(): RecordedStatements {
  const named: PreparedStatement[] = [];
  const unnamed: string[] = [];
  const ofPool = Pool.prototype.query as (...args: unknown[]) => unknown;
  const ofClient = Client.prototype.query as (...args: unknown[]) => unknown;
  const pools = vi.spyOn(Pool.prototype, 'query').mockImplementation(function (
    this: Pool,
    ...args: unknown[]
  ) {
    if (isPrepared(args[0])) named.push(args[0]);
    return ofPool.apply(this, args);
  } as never);
  const clients = vi.spyOn(Client.prototype, 'query').mockImplementation(function (
    this: Client,
    ...args: unknown[]
  ) {
    const text = typeof args[0] === 'string' ? args[0] : (args[0] as { text: string }).text;
    if (!named.some((statement) => statement.text === text)) unnamed.push(text);
    return ofClient.apply(this, args);
  } as never);
  return {
    named,
    unnamed,
    stop: () => {
      pools.mockRestore();
      clients.mockRestore();
    },
  };
}

const isPrepared = (statement: unknown): statement is PreparedStatement =>
  typeof statement === 'object' && statement !== null && 'name' in statement;

import type { EntityManager } from 'typeorm';
import { newId } from '#libs/core/ids.js';
import { AUDIT_ACTIONS, type AuditAction } from './audit-actions.js';
import type { AuditContext } from './audit-context.js';

/** The schemas that have an audit log. */
export type AuditSchema = 'identity' | 'users';

/** An event to write. Its outcome and the type of its target follow from the action. */
export interface NewAuditEvent {
  action: AuditAction;
  /** Null where there is no such object (a failed login to an unknown email), or only SQL has it. */
  targetId: string | null;
  /** JSON, without secrets; changes as `before` and `after`, see `changesOf`. */
  details?: Record<string, unknown>;
}

/**
 * Writes events in the transaction of the change that they describe, in one statement: if they cannot be written, the
 * change is not made.
 */
export async function writeAudit(
  tx: EntityManager,
  context: AuditContext,
  ...events: NewAuditEvent[]
): Promise<void> {
  if (events.length === 0) return;
  const { schema } = tx.dataSource.options as { schema?: AuditSchema };
  if (!schema) throw new Error('A data source with an audit log needs a schema.');
  await tx.query(insertAudit(schema, '$1'), [auditRows(context, ...events)]);
}

/** The rows that a change has returned in the same statement: each gets its own event. */
export interface ChangedRows {
  /** SQL of the rows: the name of the `WITH` query, or a subquery of it. */
  from: string;
  /** SQL of the target's id, where only the row has it. */
  targetId?: string;
  /** SQL of jsonb that is added to the event's details. */
  details?: string;
}

/**
 * SQL that inserts the events of one parameter, made by `auditRows`. As a part of the statement that makes the change
 * (`WITH … AS (…)`) it needs neither a transaction nor a round trip of its own.
 * @param rows where given, every event is inserted once for each row, and not at all without one
 */
export function insertAudit(schema: AuditSchema, parameter: string, rows?: ChangedRows): string {
  const expressions: Partial<Record<Column, string>> = {
    ...(rows ? { id: ID_OF_ROW } : {}),
    ...(rows?.targetId ? { target_id: rows.targetId } : {}),
    ...(rows?.details ? { details: `event.details || ${rows.details}` } : {}),
  };
  return `INSERT INTO ${schema}.audit_events (${COLUMNS.join(', ')})
    SELECT ${COLUMNS.map((column) => expressions[column] ?? `event.${column}`).join(', ')}
    FROM jsonb_to_recordset(${parameter}::jsonb) AS event (${RECORD})${rows ? `, ${rows.from}` : ''}`;
}

/**
 * Several rows can have one event: each id keeps the time and the counter of the event's, which is a UUID version 7
 * (RFC 9562, sections 5.7 and 6.2), so that events of one statement stay in their order.
 */
const ID_OF_ROW = '(left(event.id::text, 26) || right(gen_random_uuid()::text, 10))::uuid';

/** The parameter of `insertAudit`. */
export const auditRows = (context: AuditContext, ...events: NewAuditEvent[]): string =>
  JSON.stringify(events.map((event) => rowOf(context, event)));

const TYPES = {
  id: 'uuid',
  action: 'text',
  outcome: 'text',
  actor_issuer: 'text',
  actor_sub: 'text',
  actor_name: 'text',
  target_type: 'text',
  target_id: 'text',
  client_id: 'text',
  session_id: 'text',
  address: 'text',
  user_agent: 'text',
  request_id: 'text',
  details: 'jsonb',
} as const;
type Column = keyof typeof TYPES;

const COLUMNS = Object.keys(TYPES) as Column[];
const RECORD = COLUMNS.map((column) => `${column} ${TYPES[column]}`).join(', ');

function rowOf(
  { actor, clientId, sessionId, address, userAgent, requestId }: AuditContext,
  { action, targetId, details = {} }: NewAuditEvent,
): Record<Column, unknown> {
  const { outcome, target } = AUDIT_ACTIONS[action];
  return {
    id: newId(),
    action,
    outcome,
    actor_issuer: actor?.issuer ?? null,
    actor_sub: actor?.sub ?? null,
    actor_name: actor?.name ?? null,
    target_type: target,
    target_id: targetId,
    client_id: clientId,
    session_id: sessionId,
    address,
    user_agent: userAgent,
    request_id: requestId,
    details,
  };
}

export type AuditFields = Readonly<Record<string, unknown>>;

export interface AuditChanges extends Record<string, unknown> {
  before: AuditFields;
  after: AuditFields;
}

/** The fields that differ, as `details` of an event; null if none does. */
export function changesOf(before: AuditFields, after: AuditFields): AuditChanges | null {
  const changed = Object.keys(after).filter((name) => !isEqual(before[name], after[name]));
  if (changed.length === 0) return null;
  const pick = (fields: AuditFields) =>
    Object.fromEntries(changed.map((name) => [name, fields[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

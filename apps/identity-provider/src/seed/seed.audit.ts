import type { EntityManager } from 'typeorm';
import { NO_REQUEST } from '#libs/audit/audit-context.js';
import { type NewAuditEvent, writeAudit } from '#libs/audit/audit-writer.js';
import type { UpsertedPermission } from '#libs/database/identity/upsert-permissions.js';

export type SeedCommand = 'migrate' | 'seed';

/** Writes what a command has done; a command has no actor. */
export const writeCommandAudit = (
  tx: EntityManager,
  command: SeedCommand,
  ...events: NewAuditEvent[]
): Promise<void> =>
  writeAudit(
    tx,
    NO_REQUEST,
    ...events.map((event) => ({ ...event, details: { ...event.details, command } })),
  );

/** For `upsertPermissions`. */
export const recordPermissions =
  (command: SeedCommand) =>
  (tx: EntityManager, changed: UpsertedPermission[]): Promise<void> =>
    writeCommandAudit(
      tx,
      command,
      ...changed.map(({ id, name, isNew }) => ({
        action: isNew ? ('permission.created' as const) : ('permission.updated' as const),
        targetId: id,
        details: { after: { name, seeded: true } },
      })),
    );

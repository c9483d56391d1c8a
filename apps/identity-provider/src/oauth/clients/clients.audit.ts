import type { AuditFields } from '#libs/audit/audit-writer.js';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { mapClient } from './clients.dto.js';

/** The fields of a client in the audit log: those of its replies that can be changed. */
export function auditedClient(client: OauthClient): AuditFields {
  const { client_id, created_at, updated_at, ...fields } = mapClient(client);
  return fields;
}

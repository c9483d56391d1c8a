import type { AuditFields } from '#libs/audit/changes.js';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';

/** The fields of a client in the audit log: those of its replies, without the secret. */
export const auditedClient = (client: OauthClient): AuditFields => ({
  name: client.name,
  type: client.type,
  grant_types: client.grantTypes,
  redirect_uris: client.redirectUris,
  post_logout_redirect_uris: client.postLogoutRedirectUris,
  backchannel_logout_uri: client.backchannelLogoutUri,
  first_party: client.firstParty,
  role_id: client.roleId,
  status: client.status,
});

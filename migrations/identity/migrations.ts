import { CreateAccountsRolesAndSessions1764000000000 } from './1764000000000-create-accounts-roles-and-sessions.js';
import { CreateLoginThrottles1764100000000 } from './1764100000000-create-login-throttles.js';
import { BoundNameSearchKeys1764200000000 } from './1764200000000-bound-name-search-keys.js';
import { RenewTheAuthorityEpoch1795699797882 } from './1795699797882-renew-the-authority-epoch.js';
import { RefreshAndDescribeSessions1795713000000 } from './1795713000000-refresh-and-describe-sessions.js';
import { CreateRevocations1795713100000 } from './1795713100000-create-revocations.js';
import { CreateAuditEvents1795713200000 } from './1795713200000-create-audit-events.js';
import { CreateOauthTables1795713300000 } from './1795713300000-create-oauth-tables.js';
import { CreateLogoutTokens1795713400000 } from './1795713400000-create-logout-tokens.js';
import { CreateMailOutbox1795714000000 } from './1795714000000-create-mail-outbox.js';
import { CreateAccountLinks1795714100000 } from './1795714100000-create-account-links.js';
import { CreateFactors1795714200000 } from './1795714200000-create-factors.js';

/** Every migration of schema `identity`; they run in the order of the timestamps in their names. */
export const identityMigrations = [
  CreateAccountsRolesAndSessions1764000000000,
  CreateLoginThrottles1764100000000,
  BoundNameSearchKeys1764200000000,
  RenewTheAuthorityEpoch1795699797882,
  RefreshAndDescribeSessions1795713000000,
  CreateRevocations1795713100000,
  CreateAuditEvents1795713200000,
  CreateOauthTables1795713300000,
  CreateLogoutTokens1795713400000,
  CreateMailOutbox1795714000000,
  CreateAccountLinks1795714100000,
  CreateFactors1795714200000,
];

import { CreateUsersAndIdentities1764000000000 } from './1764000000000-create-users-and-identities.js';
import { BoundNameSearchKeys1764200100000 } from './1764200100000-bound-name-search-keys.js';
import { CreateKeycloakLeases1764300000000 } from './1764300000000-create-keycloak-leases.js';
import { CreateAdministration1795700159716 } from './1795700159716-create-administration.js';
import { KeyLeasesByIssuer1795703774881 } from './1795703774881-key-leases-by-issuer.js';
import { CreateRevocations1795713100000 } from './1795713100000-create-revocations.js';
import { CreateAuditEvents1795713200000 } from './1795713200000-create-audit-events.js';
import { CreateEndedSubjects1795713400000 } from './1795713400000-create-ended-subjects.js';
import { AddEmailVerified1795714100000 } from './1795714100000-add-email-verified.js';

/** Every migration of schema `users`; they run in the order of the timestamps in their names. */
export const usersMigrations = [
  CreateUsersAndIdentities1764000000000,
  BoundNameSearchKeys1764200100000,
  CreateKeycloakLeases1764300000000,
  CreateAdministration1795700159716,
  KeyLeasesByIssuer1795703774881,
  CreateRevocations1795713100000,
  CreateAuditEvents1795713200000,
  CreateEndedSubjects1795713400000,
  AddEmailVerified1795714100000,
];

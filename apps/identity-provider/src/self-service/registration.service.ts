import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit, writeAudit } from '#libs/audit/audit-writer.js';
import { newId, textKey } from '#libs/core/ids.js';
import { storedEmail } from '../accounts/email.js';
import { hashClient } from '../passwords/fair-places.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { AccountLinks } from './account-links.js';
import { RegistrationPolicy } from './registration-policy.js';
import { RequestLimit } from './request-limit.js';
import type { Requester } from './requester.js';
import type { Registration } from './self-service.dto.js';

/** What a registration has found. Both ids are null if a concurrent registration came first. */
interface Found {
  createdId: string | null;
  /** The account that has the email already. */
  knownId: string | null;
  isVerified: boolean | null;
}

type NewAccount = Registration & { passwordHash: string; roleId: string };

@Injectable()
export class RegistrationService {
  constructor(
    private readonly database: DataSource,
    private readonly policy: RegistrationPolicy,
    private readonly limit: RequestLimit,
    private readonly hasher: PasswordHasher,
    private readonly links: AccountLinks,
  ) {}

  /**
   * Creates an account whose email is not verified, and mails the link that proves it. If an account has the email, its
   * owner gets a mail that says so. If that account is unverified, the link gives it this password and these names: nobody
   * can block an address that is not theirs. The answer, its time and the queries do not depend on it.
   * @throws ApiError 403 `registration_closed`, 422 `email_domain_not_allowed`, 429, 503
   */
  async register(registration: Registration, { audit, language }: Requester): Promise<void> {
    this.policy.assertOpen();
    this.policy.assertDomain(registration.email);
    const roleId = await this.policy.roleId();
    await this.limit.count(registration.email, audit.address);
    const client = hashClient(audit.address, textKey(registration.email));
    const passwordHash = await this.hasher.hash(registration.password, client);
    await this.database.transaction(async (tx) => {
      const found = await this.create(tx, { ...registration, passwordHash, roleId }, audit);
      const isUnverified = found.knownId !== null && found.isVerified === false;
      await this.links.mail(tx, {
        purpose: 'verify_email',
        accountId: found.createdId ?? (isUnverified ? found.knownId : null),
        to: storedEmail(registration.email),
        language,
        otherwise: 'already-registered',
        // The account of a first registration has them already.
        ...(isUnverified
          ? { passwordHash, firstName: registration.first_name, lastName: registration.last_name }
          : {}),
      });
      await writeAudit(tx, audit, {
        action: 'account.registration_requested',
        targetId: found.createdId ?? found.knownId,
        details: { email: storedEmail(registration.email) },
      });
    });
  }

  private async create(tx: EntityManager, account: NewAccount, audit: AuditContext): Promise<Found> {
    const { email, first_name = null, last_name = null, passwordHash, roleId } = account;
    const id = newId();
    const after = { email: storedEmail(email), email_verified: false, first_name, last_name, role: roleId };
    const [found] = await tx.query(CREATE, [
      id,
      storedEmail(email),
      textKey(email),
      passwordHash,
      first_name,
      last_name,
      roleId,
      auditRows(audit, { action: 'account.created', targetId: id, details: { after } }),
    ]);
    return found;
  }
}

/** An address that an undo can restore is not free: else a thief could register it, and the undo would fail. */
const CREATE = `
  WITH created AS (
    INSERT INTO identity.accounts (id, email, email_key, email_verified, password_hash, first_name, last_name, role_id)
    SELECT $1::uuid, $2::text, $3::text, false, $4::text, $5::text, $6::text, $7::uuid
    WHERE NOT EXISTS (
      SELECT FROM identity.account_links
      WHERE email_key = $3 AND purpose = 'undo_email' AND used_at IS NULL AND expires_at > now())
    ON CONFLICT (email_key) DO NOTHING RETURNING id
  ), recorded AS (${insertAudit('identity', '$8', { from: 'created' })})
  SELECT created.id AS "createdId", known.id AS "knownId", known.email_verified OR known.status <> 'active' AS "isVerified"
  FROM (SELECT) AS always
    LEFT JOIN created ON true
    LEFT JOIN identity.accounts known ON known.email_key = $3`;

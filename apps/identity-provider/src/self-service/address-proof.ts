import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { removeAllFactors } from '../factors/factor-removal.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { UsedLink } from './account-links.js';

/** What changes with a proof: the password and names of a registration, or a new password. Null changes nothing. */
export interface ProvenFields {
  passwordHash: string | null;
  firstName: string | null;
  lastName: string | null;
}

/** What the proof of an address changes, in the transaction that uses the link up. */
@Injectable()
export class AddressProof {
  constructor(private readonly sessions: SessionsService) {}

  /** The account's own address is proved. */
  async prove(tx: EntityManager, link: UsedLink, fields: ProvenFields, audit: AuditContext): Promise<void> {
    const { passwordHash, firstName, lastName } = fields;
    await tx.query(
      `UPDATE identity.accounts SET email_verified = true, password_hash = coalesce($2, password_hash),
         first_name = coalesce($3, first_name), last_name = coalesce($4, last_name),
         version = version + 1, updated_at = now()
       WHERE id = $1`,
      [link.accountId, passwordHash, firstName, lastName],
    );
    await this.endEarlierUse(tx, link, audit);
    if (link.account.emailVerified) return;
    const details = { email: link.account.email };
    await writeAudit(tx, audit, { action: 'email.verified', targetId: link.accountId, details });
  }

  /** Until its first proof, an account may have been in the hands of somebody else: its sessions and factors end. */
  async endEarlierUse(
    tx: EntityManager,
    { accountId, account }: UsedLink,
    audit: AuditContext,
  ): Promise<void> {
    if (account.emailVerified) return;
    await this.sessions.endAll(accountId, { audit, reason: 'email_verified' }, { tx });
    await removeAllFactors(tx, accountId, { audit, reason: 'address_proved' });
  }
}

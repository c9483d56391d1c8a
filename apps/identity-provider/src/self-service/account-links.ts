import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { textKey } from '#libs/core/ids.js';
import type { LinkPurpose } from '#libs/database/identity/account-link.entity.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import type { Language } from '../languages.js';
import type { MailKind, MailValues } from '../mail/mail-kinds.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { invalidToken } from './self-service.errors.js';

const HOUR = 3_600;

/** How long links are valid, in seconds. */
const LIFETIMES: Record<LinkPurpose, number> = {
  verify_email: 24 * HOUR,
  change_email: 24 * HOUR,
  undo_email: 7 * 24 * HOUR,
  reset_password: HOUR,
  invitation: 7 * 24 * HOUR,
};

const MAIL_OF = {
  verify_email: 'verify-email',
  change_email: 'confirm-new-email',
  undo_email: 'email-changed',
  reset_password: 'reset-password',
  invitation: 'invitation',
} as const satisfies Record<LinkPurpose, MailKind>;

export interface NewLink {
  purpose: LinkPurpose;
  /** Null: the request costs the same, and no link is mailed. */
  accountId: string | null;
  /** Who gets the mail. */
  to: string;
  language: Language;
  /** The mail that goes out if `accountId` is null; without it none does. */
  otherwise?: 'already-registered';
  /** The address that the link restores; default: `to`. */
  email?: string;
  /** The account's new address, in the mail of an undo. */
  newEmail?: string;
  passwordHash?: string | null;
  firstName?: string | null;
  lastName?: string | null;
}

/** A link and its account, which is locked. */
export interface UsedLink {
  purpose: LinkPurpose;
  accountId: string;
  /** The address of the link. */
  email: string;
  passwordHash: string | null;
  firstName: string | null;
  lastName: string | null;
  createdAt: Date;
  account: { email: string; emailKey: string; emailVerified: boolean };
}

function valuesOf(kind: MailKind, token: string, newEmail: string): MailValues[MailKind] {
  if (kind === 'already-registered') return {};
  return kind === 'email-changed' ? { token, newEmail } : { token };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The links in mails. Their tokens have 256 random bits, and only their digests are stored. */
@Injectable()
export class AccountLinks {
  constructor(private readonly mails: MailOutbox) {}

  /**
   * Mails a link, in the transaction of what causes it. A newer link voids older ones of its purpose, except undos: each old
   * address keeps its own. Three statements, whatever the result.
   * @returns false if the address got its mails of this hour: older links stay valid
   */
  async mail(tx: EntityManager, link: NewLink): Promise<boolean> {
    const { purpose, accountId, to, language, otherwise, newEmail = '', email = to } = link;
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + LIFETIMES[purpose] * 1000);
    const kind: MailKind = accountId === null && otherwise ? otherwise : MAIL_OF[purpose];
    const isQueued = await this.mails.enqueue(tx, {
      kind,
      to,
      language,
      values: valuesOf(kind, token, newEmail),
      expiresAt,
      isDiscarded: accountId === null && otherwise === undefined,
    });
    if (!isQueued) return false;
    await tx.query(
      `WITH voided AS (
         DELETE FROM identity.account_links WHERE account_id = $3 AND purpose = $2 AND purpose <> 'undo_email'
       )
       INSERT INTO identity.account_links
         (digest, purpose, account_id, email, email_key, password_hash, first_name, last_name, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        digestOf(token),
        purpose,
        accountId,
        email,
        textKey(email),
        link.passwordHash ?? null,
        link.firstName ?? null,
        link.lastName ?? null,
        expiresAt,
      ],
    );
    return true;
  }

  /** Reads a link that can be used. @throws ApiError 422 `invalid_token` */
  async get(
    manager: EntityManager,
    token: string,
    purposes: readonly LinkPurpose[],
  ): Promise<{ accountId: string; accountEmail: string; email: string; purpose: LinkPurpose }> {
    const [link] = await manager.query(
      `SELECT l.account_id AS "accountId", a.email AS "accountEmail", l.email, l.purpose
       FROM identity.account_links l JOIN identity.accounts a ON a.id = l.account_id
       WHERE l.digest = $1 AND l.purpose = ANY($2) AND l.used_at IS NULL AND l.expires_at > now()
         AND a.status = 'active'`,
      [digestOf(token), purposes],
    );
    if (!link) throw invalidToken();
    return link;
  }

  /** Uses a link up, and locks its account. @throws ApiError 422 `invalid_token` */
  async use(tx: EntityManager, token: string, purposes: readonly LinkPurpose[]): Promise<UsedLink> {
    const { accountId, accountEmail } = await this.get(tx, token, purposes);
    // All take the locks in this order, so that none waits for another in a circle: address, account, link.
    await this.mails.lock(tx, accountEmail);
    const [account] = await tx.query(
      `SELECT email, email_key AS "emailKey", email_verified AS "emailVerified" FROM identity.accounts
       WHERE id = $1 AND status = 'active' FOR NO KEY UPDATE`,
      [accountId],
    );
    const [used] = await tx.query(
      `WITH used AS (
         UPDATE identity.account_links SET used_at = now()
         WHERE digest = $1 AND used_at IS NULL AND expires_at > now() RETURNING *
       )
       SELECT purpose, account_id AS "accountId", email, password_hash AS "passwordHash", first_name AS "firstName",
         last_name AS "lastName", created_at AS "createdAt" FROM used`,
      [digestOf(token)],
    );
    if (!account || !used) throw invalidToken();
    return { ...used, account };
  }
}

/** Who uses a link has proved that they read the mail of the account: for the audit log, its owner. */
export const asOwner = (audit: RequestAudit, { accountId, account }: UsedLink): RequestAudit => ({
  ...audit,
  actor: { issuer: NATIVE_ISSUER, sub: accountId, name: account.email },
});

/** Voids the links that were mailed to an account's address, and those that would change it. Undos stay. */
export const voidLinks = (tx: EntityManager, accountId: string): Promise<unknown> =>
  tx.query(
    `DELETE FROM identity.account_links WHERE account_id = $1 AND purpose <> 'undo_email' AND used_at IS NULL`,
    [accountId],
  );

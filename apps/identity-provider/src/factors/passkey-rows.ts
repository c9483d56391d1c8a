import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A passkey that was verified, and is to be stored. */
export interface NewPasskey {
  credentialId: Buffer;
  publicKey: Buffer;
  counter: number;
  transports: string[];
  backedUp: boolean;
}

export interface StoredPasskey {
  factorId: string;
  accountId: string;
  email: string;
  isActive: boolean;
  emailVerified: boolean;
  credentialId: Buffer;
  publicKey: Buffer;
  /** A bigint. */
  counter: string;
  transports: string[];
}

/** In bytes (WebAuthn level 3, section 5.8.3). */
const MAX_CREDENTIAL_ID = 1_023;

const SELECT = `SELECT p.factor_id AS "factorId", f.account_id AS "accountId", a.email, a.status = 'active' AS "isActive",
    a.email_verified AS "emailVerified",
    p.credential_id AS "credentialId", p.public_key AS "publicKey", p.counter, p.transports
  FROM identity.passkeys p JOIN identity.factors f ON f.id = p.factor_id
  JOIN identity.accounts a ON a.id = f.account_id`;

/** The stored passkeys. */
@Injectable()
export class PasskeyRows {
  constructor(private readonly database: DataSource) {}

  ofAccount(accountId: string): Promise<StoredPasskey[]> {
    return this.database.query(`${SELECT} WHERE f.account_id = $1 ORDER BY p.factor_id`, [accountId]);
  }

  /** @param id the credential's id, base64url */
  async find(id: unknown): Promise<StoredPasskey | null> {
    const bytes = typeof id === 'string' ? Buffer.from(id, 'base64url') : Buffer.alloc(0);
    if (bytes.length === 0 || bytes.length > MAX_CREDENTIAL_ID) return null;
    const [passkey] = await this.database.query(`${SELECT} WHERE p.credential_id = $1`, [bytes]);
    return passkey ?? null;
  }

  /**
   * Notes a use. Of two uses at once with one counter, one wins.
   * @returns false if the counter has not grown (section 7.2, step 22), or the passkey was removed
   */
  async use(factorId: string, counter: number, backedUp: boolean): Promise<boolean> {
    const rows = await this.database.query(
      `WITH used AS (
          UPDATE identity.passkeys SET counter = $2, backed_up = $3
          WHERE factor_id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0)) RETURNING factor_id
        ), touched AS (
          UPDATE identity.factors f SET last_used_at = now() FROM used WHERE f.id = used.factor_id
        )
        SELECT factor_id FROM used`,
      [factorId, counter, backedUp],
    );
    return rows.length > 0;
  }
}

/** The transports that a browser may name (section 5.8.4). They are hints: what else is sent is left out. */
const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;

export const transportsOf = (given: unknown): (typeof TRANSPORTS)[number][] =>
  TRANSPORTS.filter((each) => Array.isArray(given) && given.includes(each));

import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const FORM = /^[A-Za-z0-9_-]{43}$/;

/** The challenges of WebAuthn: made here, used once, on any replica. */
@Injectable()
export class PasskeyChallenges {
  constructor(private readonly database: DataSource) {}

  /**
   * Makes a challenge. The one before for the same purpose no longer counts.
   * @param purpose who may use it for what
   * @returns 256 random bits
   */
  async create(purpose: string, seconds: number): Promise<Buffer> {
    const challenge = randomBytes(32);
    await this.database.query(
      `INSERT INTO identity.passkey_challenges (purpose, challenge, expires_at)
        VALUES ($1, $2, now() + $3 * interval '1 second')
        ON CONFLICT (purpose) DO UPDATE SET challenge = excluded.challenge, expires_at = excluded.expires_at`,
      [purpose, challenge.toString('base64url'), seconds],
    );
    return challenge;
  }

  /** @returns whether the challenge was made for this purpose, is not expired, and was not used before */
  async use(purpose: string, challenge: string): Promise<boolean> {
    if (!FORM.test(challenge)) return false;
    const [rows] = await this.database.query(
      `DELETE FROM identity.passkey_challenges
        WHERE purpose = $1 AND challenge = $2 AND expires_at > now() RETURNING purpose`,
      [purpose, challenge],
    );
    return rows.length > 0;
  }
}

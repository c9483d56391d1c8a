import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OauthSecrets } from '../oauth/oauth-secrets.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts the secrets of TOTP with a key that all replicas share. A secret is bound to its factor, so that it cannot be
 * moved to another one (`docs/decisions/second-factors.md`).
 */
@Injectable()
export class FactorSecrets {
  constructor(private readonly secrets: OauthSecrets) {}

  async encrypt(factorId: string, secret: Buffer): Promise<Buffer> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, await this.secrets.factorKey(), nonce).setAAD(
      Buffer.from(factorId),
    );
    const text = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), text]);
  }

  /** @throws Error if the stored value was changed, or belongs to another factor */
  async decrypt(factorId: string, stored: Buffer): Promise<Buffer> {
    const nonce = stored.subarray(0, NONCE_BYTES);
    const tag = stored.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv(CIPHER, await this.secrets.factorKey(), nonce)
      .setAAD(Buffer.from(factorId))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(stored.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  }
}

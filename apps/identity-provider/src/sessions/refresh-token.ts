import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** In bytes: together 256 bits. */
const FAMILY = 8;
const LINK = 16;
const MAC = 8;
const LENGTH = FAMILY + LINK + MAC;

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();
const hmac = (secret: Buffer, ...parts: (Buffer | string)[]): Buffer => {
  const mac = createHmac('sha256', secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/**
 * A refresh token: 256 bits in base64url (43 characters), which mean nothing to its holder.
 *
 * - The family is random, and the same in all tokens of a session: it finds the session, also for an old token.
 * - The link is random in the first token. In the others it is an HMAC of the token before, with a random secret of the
 *   session, so that a repeated token gives the same successor although only digests are stored.
 * - The MAC of both, with the same secret, shows that the token was issued. Otherwise a made-up token of a known family
 *   would look like an old one, and end the session.
 *
 * The database has digests and the secret: without one of the session's tokens they do not give any other.
 */
export class RefreshToken {
  private constructor(private readonly bytes: Buffer) {}

  /** The first token of a session. */
  static first(secret: Buffer): RefreshToken {
    return RefreshToken.of(randomBytes(FAMILY), randomBytes(LINK), secret);
  }

  static newSecret(): Buffer {
    return randomBytes(32);
  }

  /** @returns null if the text has not the form of a token */
  static parse(text: string): RefreshToken | null {
    const bytes = Buffer.from(text, 'base64url');
    // A token has one spelling: Node ignores padding, unused bits and characters that are not base64url.
    return bytes.length === LENGTH && bytes.toString('base64url') === text ? new RefreshToken(bytes) : null;
  }

  private static of(family: Buffer, link: Buffer, secret: Buffer): RefreshToken {
    const mac = hmac(secret, 'mac', family, link).subarray(0, MAC);
    return new RefreshToken(Buffer.concat([family, link, mac]));
  }

  get text(): string {
    return this.bytes.toString('base64url');
  }

  /** SHA-256 of the token as it is sent. */
  get digest(): Buffer {
    return sha256(this.text);
  }

  /** SHA-256 of the family. */
  get familyDigest(): Buffer {
    return sha256(this.bytes.subarray(0, FAMILY));
  }

  /** Whether the session with this secret has issued the token. */
  isIssuedWith(secret: Buffer): boolean {
    const issued = RefreshToken.of(this.bytes.subarray(0, FAMILY), this.link, secret);
    return timingSafeEqual(issued.bytes, this.bytes);
  }

  /** The token that replaces this one: always the same for the same secret. */
  successor(secret: Buffer): RefreshToken {
    const link = hmac(secret, 'next', this.bytes).subarray(0, LINK);
    return RefreshToken.of(this.bytes.subarray(0, FAMILY), link, secret);
  }

  private get link(): Buffer {
    return this.bytes.subarray(FAMILY, FAMILY + LINK);
  }
}

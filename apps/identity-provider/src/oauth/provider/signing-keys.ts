import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { PublicJwk } from '#libs/config/keys.js';
import { ExternalSigningKey } from '../oidc.js';

/**
 * A key of the JWKS for oidc-provider. It signs synchronously: through libuv's pool, where bcrypt runs, a token waits for
 * the hashes (`docs/decisions/openid-provider.md`).
 */
export class SigningKey extends ExternalSigningKey {
  private readonly publicKey: KeyObject;

  /** @param privateKey null for a key that only verifies, such as the one before a rotation */
  constructor(
    private readonly jwk: PublicJwk,
    private readonly privateKey: KeyObject | null,
  ) {
    super();
    // From the members of the JWK: exporting a key object can deadlock Node 20.
    this.publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  }

  override get kid(): string {
    return this.jwk.kid;
  }

  override get alg(): string {
    return this.jwk.alg;
  }

  override get kty(): string {
    return this.jwk.kty;
  }

  override get n(): string {
    return this.jwk.n;
  }

  override get e(): string {
    return this.jwk.e;
  }

  override keyObject(): KeyObject {
    return this.publicKey;
  }

  override sign(data: Uint8Array): Uint8Array {
    if (!this.privateKey) throw new Error('This key only verifies.');
    return sign('sha256', data, this.privateKey);
  }
}

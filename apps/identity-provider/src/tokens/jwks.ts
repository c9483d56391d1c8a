import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type PublicJwk, toPublicJwk } from '#libs/config/keys.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { successEnvelope } from '#libs/http/replies/envelope.js';
import { SETTINGS } from '../settings.js';

/** How long a reader may keep the key set, in seconds: `keys rotate --activate` waits for this and more. */
export const JWKS_MAX_AGE = 60;

/** The published key set (RFC 7517, section 5) in both its forms, built once: no request ever touches a key. */
@Injectable()
export class Jwks {
  /** `{"keys": […]}` */
  readonly standard: string;
  /** The envelope with the set as `data`, and `keys` at the top level too, so that stock clients read it. */
  readonly enveloped: string;
  readonly etag: string;

  constructor(@Inject(SETTINGS) { signing }: Pick<IdentityProviderSettings, 'signing'>) {
    const keys: PublicJwk[] = signing.publicKeys.map(({ kid, pem }) => toPublicJwk(kid, pem));
    this.standard = JSON.stringify({ keys });
    this.enveloped = JSON.stringify({ ...successEnvelope(200, 'Public keys.', { keys }, null), keys });
    this.etag = `"${createHash('sha256').update(this.standard).digest('base64url').slice(0, 22)}"`;
  }
}

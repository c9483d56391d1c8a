import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type PublicJwk, toPublicJwk } from '#libs/config/keys.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';

/** How long clients may cache the key set, in seconds. `keys rotate --activate` waits longer than this. */
export const JWKS_MAX_AGE = 60;

/** The published key set (RFC 7517, section 5). */
@Injectable()
export class JwksService {
  readonly keys: readonly PublicJwk[];
  readonly etag: string;

  constructor(@Inject(SETTINGS) { signing }: Pick<IdentityProviderSettings, 'signing'>) {
    this.keys = signing.publicKeys.map(({ kid, pem }) => toPublicJwk(kid, pem));
    const hash = createHash('sha256').update(JSON.stringify({ keys: this.keys }));
    this.etag = `"${hash.digest('base64url').slice(0, 22)}"`;
  }
}

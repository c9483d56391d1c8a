import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';

/** Twinkey as passkeys see it (WebAuthn level 3, section 5.4.2). It follows from `JWT_ISSUER`, never from a request. */
@Injectable()
export class RelyingParty {
  readonly id: string;
  readonly name: string;
  readonly origin: string;

  constructor(@Inject(SETTINGS) { signing, brand }: Pick<IdentityProviderSettings, 'signing' | 'brand'>) {
    const { hostname, origin } = new URL(signing.issuer);
    this.id = hostname;
    this.origin = origin;
    this.name = brand.name;
  }
}

import { nativeIssuer } from '#libs/auth/native-issuer.js';
import type { TrustedIssuer } from '#libs/auth/trusted-issuer.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';

/** identity-provider as the issuer of the tokens that it accepts itself. */
export const ownIssuer = ({ signing }: Pick<IdentityProviderSettings, 'signing'>): TrustedIssuer =>
  nativeIssuer({
    ...signing,
    maxLifetimeSeconds: signing.lifetimeSeconds,
    keys: signing.publicKeys,
    jwksUrl: null,
  });

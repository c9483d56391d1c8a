import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import type { NativeKeysService } from './native-keys.service.js';

/** identity-provider as the issuer of the tokens that it accepts itself. */
export const ownIssuer = (
  { signing, sessions }: Pick<IdentityProviderSettings, 'signing' | 'sessions'>,
  keys: NativeKeysService,
): TrustedIssuer => ({
  ...nativeIssuer({
    ...signing,
    maxLifetimeSeconds: Math.max(signing.lifetimeSeconds, sessions.accessTokenSeconds ?? 0),
    keys: signing.publicKeys,
  }),
  openKeys: () => keys,
});

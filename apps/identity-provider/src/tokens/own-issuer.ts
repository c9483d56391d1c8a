import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import type { KeySource } from '#libs/verify/src/keys/key-source.js';
import { TokenError } from '#libs/verify/src/token-error.js';
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
  openKeys: () => keySourceOf(keys),
});

const keySourceOf = (keys: NativeKeysService): KeySource => ({
  ageMs: Number.POSITIVE_INFINITY,
  current: (kid) => keys.current(kid),
  find: async (kid) => {
    const key = keys.current(kid);
    if (key === undefined) throw new TokenError('key_unknown', kid);
    return key;
  },
  close: () => {},
});

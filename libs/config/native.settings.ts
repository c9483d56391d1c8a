import type { Environment } from './environment.js';
import type { NativeKeys } from './key-updates.js';
import { isPair, type PublicKey, thumbprintOf } from './keys.js';
import { maxTokenLifetime } from './session.settings.js';
import type { NativeIssuerSettings, SigningSettings } from './settings.js';
import { complete, SettingsReader } from './settings-reader.js';

/** Tokens, and the keys that identity-provider signs with and publishes. */
export function signingSettings(reader: SettingsReader): SigningSettings | undefined {
  const keys = signingKeys(reader);
  return complete({
    ...token(reader),
    lifetimeSeconds: reader.required('JWT_EXPIRATION_DAYS'),
    ...(keys ?? { kid: undefined, privateKey: undefined, publicKeys: undefined }),
  });
}

/**
 * The keys in this environment alone, for a running process.
 * @param options.signs false: only public keys are read; null if there are none, and the JWKS is used
 * @throws SettingsError
 */
export function nativeKeys(env: Environment, { signs }: { signs: boolean }): NativeKeys | null {
  const reader = new SettingsReader(env);
  if (signs) return reader.finish(signingKeys(reader));
  const own = reader.optional('JWT_PUBLIC_KEY');
  if (own === null) return reader.finish(null);
  const publicKeys = ownAndAdditionalKeys(reader, own);
  return reader.finish(complete({ kid: publicKeys?.[0]?.kid, privateKey: null, publicKeys }));
}

function signingKeys(
  reader: SettingsReader,
): Pick<SigningSettings, 'kid' | 'privateKey' | 'publicKeys'> | undefined {
  const privateKey = reader.required('JWT_PRIVATE_KEY');
  const publicKey = reader.required('JWT_PUBLIC_KEY');
  if (privateKey && publicKey && !isPair(privateKey, publicKey.key)) {
    reader.refuse('JWT_PUBLIC_KEY', 'does not belong to JWT_PRIVATE_KEY');
  }
  const publicKeys = ownAndAdditionalKeys(reader, publicKey);
  return complete({ kid: publicKeys?.[0]?.kid, privateKey, publicKeys });
}

/**
 * The keys that user-service verifies native tokens with: `JWT_PUBLIC_KEY` and the additional keys, otherwise the JWKS.
 * Without `JWT_PUBLIC_KEY`, the additional keys are ignored: the JWKS contains them too.
 */
export function nativeIssuerSettings(reader: SettingsReader): NativeIssuerSettings | undefined {
  const { issuer, audience } = token(reader);
  const maxLifetimeSeconds = maxTokenLifetime(reader);
  const own = reader.optional('JWT_PUBLIC_KEY');
  const keys = own === null ? [] : ownAndAdditionalKeys(reader, own);
  const jwksUrl = own === null ? reader.required('JWT_JWKS_URL') : null;
  return complete({ issuer, audience, maxLifetimeSeconds, keys, jwksUrl });
}

function token(reader: SettingsReader) {
  reader.required('JWT_ALGORITHM');
  return { issuer: reader.required('JWT_ISSUER'), audience: reader.required('JWT_AUDIENCE') };
}

function ownAndAdditionalKeys(
  reader: SettingsReader,
  own: Omit<PublicKey, 'kid'> | undefined,
): PublicKey[] | undefined {
  const kid = reader.optional('JWT_KID');
  const additional = reader.or('JWT_ADDITIONAL_PUBLIC_KEYS', []);
  if (!own || kid === undefined || !additional) {
    return undefined;
  }
  const first = { kid: kid ?? thumbprintOf(own.pem), ...own };
  if (additional.some((key) => key.kid === first.kid)) {
    reader.refuse('JWT_ADDITIONAL_PUBLIC_KEYS', 'contains the kid of JWT_PUBLIC_KEY');
  }
  return [first, ...additional];
}

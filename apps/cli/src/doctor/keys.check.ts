import type { Environment } from '#libs/config/environment.js';
import { type PublicJwk, toPublicJwk } from '#libs/config/keys.js';
import { nativeIssuerSettings, signingSettings } from '#libs/config/native.settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { SettingsReader } from '#libs/config/settings-reader.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { usesDevelopmentKeys } from '../development/keys.js';
import { NextKey } from '../keys/next-key.js';
import { jwksUrlOf, publishedKeys, shows } from '../keys/published-keys.js';
import { broken, type DoctorCheck, type Examined, ok, skipped, warning } from './check.js';
import { remedyFor } from './settings.check.js';

/** The keys of native tokens: the pair, whether it is what is published, and a rotation that is under way. */
export async function checkKeys({ apps, env, root }: Examined): Promise<DoctorCheck[]> {
  if (usesDevelopmentKeys(env) && apps !== 'user-service') {
    return [skipped('keys', 'None yet: the first start makes them.')];
  }
  try {
    const checks = apps === 'user-service' ? await checkVerifying(env) : await checkSigning(env);
    return [...checks, ...checkRotation(root)];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return keyFaults(error);
  }
}

const KEY_VARIABLES = [
  'JWT_PRIVATE_KEY',
  'JWT_PUBLIC_KEY',
  'JWT_KID',
  'JWT_ADDITIONAL_PUBLIC_KEYS',
  'JWT_JWKS_URL',
];

/** A check for each faulty key; other faults, such as that of an issuer, are the settings' check's. */
function keyFaults({ problems }: SettingsError): DoctorCheck[] {
  const ours = problems.filter(({ variable }) => KEY_VARIABLES.includes(variable));
  return ours.length > 0
    ? ours.map(({ variable, message }) => broken('keys', `${variable} ${message}`, remedyFor(variable)))
    : [skipped('keys', 'Other settings of native tokens have to be mended first.')];
}

async function checkSigning(env: Environment): Promise<DoctorCheck[]> {
  const reader = new SettingsReader(env);
  const { kid, publicKeys } = reader.finish(signingSettings(reader));
  const [own, ...additional] = publicKeys;
  const bits = own?.key.asymmetricKeyDetails?.modulusLength;
  const more = additional.length === 0 ? '' : `, ${additional.length} more published beside it`;
  const pair = ok('keys.pair', `${kid} (RSA, ${bits} bits)${more}.`);
  return [
    pair,
    await checkPublished(
      env,
      publicKeys.map((key) => toPublicJwk(key.kid, key.pem)),
    ),
  ];
}

/** What user-service alone takes native tokens by. */
async function checkVerifying(env: Environment): Promise<DoctorCheck[]> {
  const reader = new SettingsReader(env);
  const { keys, jwksUrl } = reader.finish(nativeIssuerSettings(reader));
  if (jwksUrl !== null) return [await checkFetched(jwksUrl)];
  const own = keys.map(({ kid, pem }) => toPublicJwk(kid, pem));
  return [ok('keys.held', `${own.map(({ kid }) => kid).join(', ')}.`), await checkHeld(env, own)];
}

async function checkFetched(url: string): Promise<DoctorCheck> {
  try {
    return ok('keys.published', `${(await publishedKeys(url)).length} at ${url}.`);
  } catch (error) {
    return warning(
      'keys.published',
      errorMessage(error),
      'Until it answers, native tokens cannot be checked.',
    );
  }
}

/** Keys of our own are not re-read: one that is published and not held signs tokens that we refuse. */
async function checkHeld(env: Environment, own: PublicJwk[]): Promise<DoctorCheck> {
  const isAway = (message: string) =>
    warning('keys.published', message, 'Until it does, routes that need a permission answer 503.');
  return withPublished(env, isAway, (published, url) => {
    const unknown = published.filter(
      ({ kid }) => !own.some((key) => shows(published, key) && key.kid === kid),
    );
    return unknown.length === 0
      ? ok('keys.published', `${published.length} at ${url}, all of them held.`)
      : broken(
          'keys.published',
          `${url} shows ${unknown.map(({ kid }) => kid).join(', ')}, which are not held here.`,
          'Add them to JWT_ADDITIONAL_PUBLIC_KEYS, or unset JWT_PUBLIC_KEY so that they are fetched.',
        );
  });
}

async function checkPublished(env: Environment, own: PublicJwk[]): Promise<DoctorCheck> {
  const isAway = (message: string) => skipped('keys.published', message);
  return withPublished(env, isAway, (published, url) => {
    const missing = own.filter((key) => !shows(published, key));
    return missing.length === 0
      ? ok('keys.published', `${published.length} at ${url}.`)
      : broken(
          'keys.published',
          `${url} lacks ${missing.map(({ kid }) => kid).join(', ')}.`,
          'Restart identity-provider, or correct IDENTITY_PROVIDER_URL.',
        );
  });
}

async function withPublished(
  env: Environment,
  isAway: (message: string) => DoctorCheck,
  judge: (published: Partial<PublicJwk>[], url: string) => DoctorCheck,
): Promise<DoctorCheck> {
  const reader = new SettingsReader(env);
  const url = jwksUrlOf(reader.finish(reader.required('IDENTITY_PROVIDER_URL')));
  try {
    return judge(await publishedKeys(url), url);
  } catch {
    return isAway(`identity-provider does not answer at ${url}.`);
  }
}

function checkRotation(root: string): DoctorCheck[] {
  const next = NextKey.find(root);
  if (!next) return [];
  return [
    warning(
      'keys.rotation',
      `The next key ${next.kid} is not active yet.`,
      'Finish with twinkey keys rotate --activate.',
    ),
  ];
}

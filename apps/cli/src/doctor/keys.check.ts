import type { Environment } from '#libs/config/environment.js';
import { type PublicJwk, toPublicJwk } from '#libs/config/keys.js';
import { nativeIssuerSettings, signingSettings } from '#libs/config/native.settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { SettingsReader } from '#libs/config/settings-reader.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { usesDevelopmentKeys } from '../development/development-keys.js';
import { NextKey } from '../keys/next-key.js';
import { containsKey, jwksUrlOf, publishedKeys } from '../keys/published-keys.js';
import { broken, type CheckContext, type DoctorCheck, ok, skipped, warning } from './check.js';
import { remedyFor } from './settings.check.js';

/** Checks the keys of native tokens: the pair, whether it is published, and an unfinished rotation. */
export async function checkKeys({ apps, env, root }: CheckContext): Promise<DoctorCheck[]> {
  if (usesDevelopmentKeys(env) && apps !== 'user-service') {
    return [skipped('keys', 'There are no keys yet: the first start creates them.')];
  }
  try {
    const checks = apps === 'user-service' ? await checkVerifying(env) : await checkSigning(env);
    return [...checks, ...checkRotation(root)];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return keyProblems(error);
  }
}

const KEY_VARIABLES = [
  'JWT_PRIVATE_KEY',
  'JWT_PUBLIC_KEY',
  'JWT_KID',
  'JWT_ADDITIONAL_PUBLIC_KEYS',
  'JWT_JWKS_URL',
];

/** One check per invalid key; other invalid settings, such as the issuer, are reported by the settings check. */
function keyProblems({ problems }: SettingsError): DoctorCheck[] {
  const ofKeys = problems.filter(({ variable }) => KEY_VARIABLES.includes(variable));
  return ofKeys.length > 0
    ? ofKeys.map(({ variable, message }) => broken('keys', `${variable} ${message}`, remedyFor(variable)))
    : [skipped('keys', 'Correct the other settings of native tokens first.')];
}

async function checkSigning(env: Environment): Promise<DoctorCheck[]> {
  const reader = new SettingsReader(env);
  const { kid, publicKeys } = reader.finish(signingSettings(reader));
  const [own, ...additional] = publicKeys;
  const bits = own?.key.asymmetricKeyDetails?.modulusLength;
  const more = additional.length === 0 ? '' : `, published with ${additional.length} additional`;
  const pair = ok('keys.pair', `${kid} (RSA, ${bits} bits)${more}.`);
  return [
    pair,
    await checkPublished(
      env,
      publicKeys.map((key) => toPublicJwk(key.kid, key.pem)),
    ),
  ];
}

/** Checks how user-service verifies native tokens. */
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
      'Native tokens cannot be verified until it responds.',
    );
  }
}

/** Configured keys are not refreshed: tokens that are signed with another published key are refused. */
async function checkHeld(env: Environment, own: PublicJwk[]): Promise<DoctorCheck> {
  const onUnavailable = (message: string) =>
    warning(
      'keys.published',
      message,
      'Routes that require a permission respond with status 503 until it does.',
    );
  return withPublished(env, onUnavailable, (published, url) => {
    const unknown = published.filter(
      ({ kid }) => !own.some((key) => containsKey(published, key) && key.kid === kid),
    );
    return unknown.length === 0
      ? ok('keys.published', `${published.length} at ${url}, all of them configured.`)
      : broken(
          'keys.published',
          `${url} publishes keys that are not configured here: ${unknown.map(({ kid }) => kid).join(', ')}.`,
          'Add them to JWT_ADDITIONAL_PUBLIC_KEYS, or unset JWT_PUBLIC_KEY to fetch them.',
        );
  });
}

async function checkPublished(env: Environment, own: PublicJwk[]): Promise<DoctorCheck> {
  const onUnavailable = (message: string) => skipped('keys.published', message);
  return withPublished(env, onUnavailable, (published, url) => {
    const missing = own.filter((key) => !containsKey(published, key));
    return missing.length === 0
      ? ok('keys.published', `${published.length} at ${url}.`)
      : broken(
          'keys.published',
          `${url} does not publish ${missing.map(({ kid }) => kid).join(', ')}.`,
          'Restart identity-provider, or correct IDENTITY_PROVIDER_URL.',
        );
  });
}

async function withPublished(
  env: Environment,
  onUnavailable: (message: string) => DoctorCheck,
  check: (published: Partial<PublicJwk>[], url: string) => DoctorCheck,
): Promise<DoctorCheck> {
  const reader = new SettingsReader(env);
  const url = jwksUrlOf(reader.finish(reader.required('IDENTITY_PROVIDER_URL')));
  try {
    return check(await publishedKeys(url), url);
  } catch {
    return onUnavailable(`identity-provider does not answer at ${url}.`);
  }
}

function checkRotation(root: string): DoctorCheck[] {
  const next = NextKey.find(root);
  if (!next) return [];
  return [
    warning(
      'keys.rotation',
      `The next key ${next.kid} is not active yet.`,
      'Finish the rotation: run twinkey keys rotate --activate.',
    ),
  ];
}

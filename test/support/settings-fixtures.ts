import { generateKeyPairSync } from 'node:crypto';
import type { Environment } from '#libs/config/environment.js';
import { SettingsError, type SettingsFault } from '#libs/config/settings-error.js';

/** For specs: the settings' form of a PEM. */
export const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

/** For specs: a fresh RSA pair in PEM. Never through a key object, see `generateKeyPair`. */
export function rsaPems(
  modulusLength = 2048,
  publicExponent = 65_537,
): { privateKey: string; publicKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength,
    publicExponent,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

let shared: { privateKey: string; publicKey: string } | undefined;

/** For specs: the least that both apps start with in development, with overrides. */
export function developmentEnvironment(overrides: Environment = {}): Environment {
  shared ??= rsaPems();
  return {
    DATABASE_URL: 'postgres://twinkey:s3cret@127.0.0.1:5432/twinkey',
    JWT_PRIVATE_KEY: base64(shared.privateKey),
    JWT_PUBLIC_KEY: base64(shared.publicKey),
    ...overrides,
  };
}

/** The same in production. */
export function productionEnvironment(overrides: Environment = {}): Environment {
  return developmentEnvironment({
    ENVIRONMENT: 'production',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
    ...overrides,
  });
}

/** For specs: Keycloak mode as in production. */
export const KEYCLOAK: Environment = {
  KEYCLOAK_URL: 'https://sso.example.com',
  KEYCLOAK_INTERNAL_URL: 'http://keycloak:8080',
  KEYCLOAK_REALM: 'people',
  KEYCLOAK_CLIENT_SECRET: 'v4Xf0mE1v4Xf0mE1',
};

/** For specs: the problems that are thrown; none where nothing is. */
export function problemsOf(read: () => unknown): SettingsFault[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
}

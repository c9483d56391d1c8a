import { createVerifier, keycloak, native, type TrustedIssuer, type Verifier } from '@twinkey/verify';

/** Trusts a Twinkey and, where `KEYCLOAK_URL` is set, a realm of Keycloak. The defaults are those of `npm start`. */
export function verifierFrom(env: NodeJS.ProcessEnv): Verifier {
  const issuer = env.TWINKEY_ISSUER ?? 'http://localhost:8001';
  const issuers: TrustedIssuer[] = [
    native({ issuer, audience: env.TWINKEY_AUDIENCE ?? issuer, jwksUrl: env.TWINKEY_JWKS_URL }),
  ];
  if (env.KEYCLOAK_URL) {
    const audience = env.KEYCLOAK_AUDIENCE ?? 'user-service';
    issuers.push(keycloak({ url: env.KEYCLOAK_URL, realm: env.KEYCLOAK_REALM ?? 'myrealm', audience }));
  }
  // With its feeds, what ends or changes at Twinkey counts here within two seconds.
  const feeds = [env.TWINKEY_FEED_URL, env.TWINKEY_USERS_FEED_URL]
    .filter((url) => url !== undefined)
    .map((url) => ({ url, token: env.TWINKEY_FEED_TOKEN ?? '' }));
  return createVerifier({
    issuers,
    feeds,
    observer: { tokenRefused: ({ code, detail }) => console.warn('token refused', { code, detail }) },
  });
}

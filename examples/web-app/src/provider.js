import * as oidc from 'openid-client';

/**
 * Everything about the issuer comes from its discovery document.
 * @param {NodeJS.ProcessEnv} env
 */
export function discover(env) {
  const issuer = new URL(env.ISSUER ?? 'http://localhost:8001');
  const secret = env.CLIENT_SECRET;
  if (!secret) throw new Error('Set CLIENT_SECRET to the secret of the client.');
  // Only an issuer on this machine may have no TLS.
  const isLocal = ['localhost', '127.0.0.1'].includes(issuer.hostname);
  return oidc.discovery(issuer, env.CLIENT_ID ?? 'web-app', undefined, oidc.ClientSecretBasic(secret), {
    execute: isLocal ? [oidc.allowInsecureRequests] : [],
  });
}

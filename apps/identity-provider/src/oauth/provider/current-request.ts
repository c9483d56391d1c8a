import type { KoaContextWithOIDC } from 'oidc-provider';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { Provider } from '../oidc.js';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** The request that oidc-provider is working on; its types leave the getter out. */
const currentContext = (): KoaContextWithOIDC | undefined =>
  (Provider as unknown as { ctx?: KoaContextWithOIDC }).ctx;

/** The name of oidc-provider's route, such as `revocation`. */
export const currentRoute = (): string | undefined => currentContext()?.oidc?.route;

/** The grant type that the client asks for at the token or the device endpoint. */
export function requestedGrantType(): unknown {
  const oidc = currentContext()?.oidc;
  return oidc?.route === 'device_authorization' ? DEVICE_GRANT : oidc?.params?.['grant_type'];
}

/** Who sends the request, for the audit log; the client only once it is known. */
export function currentAudit(): RequestAudit {
  const context = currentContext();
  const audit = context?.req.audit;
  if (!audit) throw new Error('oidc-provider is not working on a request.');
  return { ...audit, clientId: context.oidc?.client?.clientId ?? null };
}

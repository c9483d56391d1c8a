import { ISSUER_ID_PATTERN, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';

export {
  DEFAULT_KEYCLOAK_ISSUER,
  type IssuerId,
  isIssuerId,
  NATIVE_ISSUER,
} from '#libs/verify/src/issuers/issuer-id.js';

/** Of an issuer's id, for OpenAPI. */
export const ISSUER_ID_SCHEMA = { type: String, pattern: ISSUER_ID_PATTERN, example: NATIVE_ISSUER } as const;

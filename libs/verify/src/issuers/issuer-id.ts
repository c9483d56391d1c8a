/**
 * The stable id of an issuer: what replies, logs, metrics and databases call it. It is not the `iss` claim, which changes
 * when an issuer moves to another host.
 */
export type IssuerId = string;

/** identity-provider itself. */
export const NATIVE_ISSUER: IssuerId = 'native';

/** The Keycloak realm, unless it is given another id. */
export const DEFAULT_KEYCLOAK_ISSUER: IssuerId = 'keycloak';

export const ISSUER_ID_PATTERN = '^[a-z][a-z0-9-]{0,62}$';

/** What the id's text looks like, whether or not there is such an issuer. */
export const isIssuerId = (value: unknown): value is IssuerId =>
  typeof value === 'string' && ISSUER_ID.test(value);

const ISSUER_ID = new RegExp(ISSUER_ID_PATTERN);

import { randomBytes } from 'node:crypto';
import { keycloakToken, signingInput } from '#libs/verify/src/testing/tokens.js';
import type { TestRealm } from '../../support/keycloak.js';

const signature = randomBytes(256).toString('base64url');

/** A valid token except for its key, which the issuer does not know. */
export const forgery = ({ issuer }: TestRealm, kid: string): string =>
  `${signingInput(keycloakToken(issuer, 'user-service', kid))}.${signature}`;

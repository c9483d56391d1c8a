import type { OpenAPIObject } from '@nestjs/swagger';
import type { CommonSettings } from '#libs/config/settings.js';
import { operationsOf } from './document-parts.js';

/** The scheme's name in the documents. */
export const SIGN_IN = 'oauth2';

export const SIGN_IN_SCOPES = {
  openid: 'Know who you are',
  profile: 'See your name',
  email: 'See your email address',
};

/** With which client the documentation pages sign in, and where. */
export interface DocsSignIn {
  /** `JWT_ISSUER`. */
  issuer: string;
  clientId: string;
}

/** null: the pages only accept a pasted token. */
export const docsSignIn = ({ docsClientId }: CommonSettings, issuer: string): DocsSignIn | null =>
  docsClientId === null ? null : { issuer, clientId: docsClientId };

/** Adds the sign-in at the issuer wherever an access token is accepted. */
export function addSignIn(document: OpenAPIObject, bearer: string, { issuer }: DocsSignIn): void {
  document.components = {
    ...document.components,
    securitySchemes: {
      ...document.components?.securitySchemes,
      [SIGN_IN]: {
        type: 'oauth2',
        description: 'Sign-in at Twinkey: authorization code with PKCE.',
        flows: {
          authorizationCode: {
            authorizationUrl: endpoint(issuer, 'authorize'),
            tokenUrl: endpoint(issuer, 'token'),
            scopes: SIGN_IN_SCOPES,
          },
        },
      },
    },
  };
  for (const { operation } of operationsOf(document)) {
    if (operation.security?.some((requirement) => bearer in requirement)) {
      operation.security.push({ [SIGN_IN]: [] });
    }
  }
}

const endpoint = (issuer: string, name: string): string => `${issuer.replace(/\/$/, '')}/oauth/${name}`;

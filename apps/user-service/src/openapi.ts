import type { ApiDescription } from '#libs/openapi/openapi-document.js';

export const DESCRIPTION: ApiDescription = {
  title: 'Twinkey user-service',
  description: `One profile for each user, with a token of any issuer: Keycloak or identity-provider itself (\`native\`).

Authorize by signing in at identity-provider, or with an access token of any issuer. A native token comes from identity-provider's \`POST /api/v1/auth/login\`.`,
  version: '1.0.0',
  tags: {
    me: 'Your own profile.',
    users: 'The profiles of all users, for administrators.',
    audit: 'Security events: who did what, when and from where.',
  },
};

import type { ApiDescription } from '#libs/openapi/openapi-document.js';

export const DESCRIPTION: ApiDescription = {
  title: 'Twinkey user-service',
  description: `One profile for each person, whichever issuer's token he comes with: Keycloak's or a native one.

Authorize with an access token of either issuer. A native one comes from identity-provider's \`POST /api/v1/auth/login\`.`,
  version: '1.0.0',
  tags: {
    me: 'Your own profile.',
    users: 'Everybody’s profiles, for admins.',
  },
};

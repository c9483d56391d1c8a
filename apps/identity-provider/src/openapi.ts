import type { ApiDescription } from '#libs/openapi/openapi-document.js';

export const DESCRIPTION: ApiDescription = {
  title: 'Twinkey identity-provider',
  description: `Native accounts, their tokens, and the roles and permissions of all callers.

Authorize by signing in, with the \`token\` from \`POST /api/v1/auth/login\`, or with a Keycloak access token whose roles are mapped.`,
  version: '1.0.0',
  tags: {
    auth: 'Sign-in and your own account.',
    accounts: 'Native accounts.',
    roles: 'Roles. A role inherits the permissions of its parent.',
    permissions: 'Permissions, which roles grant.',
    rights: 'Compares the permissions of others with yours, for services that administer users.',
    audit: 'Security events: who did what, when and from where.',
    authority: 'The authority feed: what has changed since tokens were issued.',
    clients: 'OAuth clients: applications that sign in with Twinkey.',
    keys: 'Public keys for the verification of tokens.',
    health: 'Health probes.',
  },
};

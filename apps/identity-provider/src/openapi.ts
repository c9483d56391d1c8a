import type { ApiDescription } from '#libs/openapi/openapi-document.js';

export const DESCRIPTION: ApiDescription = {
  title: 'Twinkey identity-provider',
  description: `Native accounts, their tokens, and the roles and permissions of everybody.

Authorize with the \`token\` that \`POST /api/v1/auth/login\` gives, or with a Keycloak access token whose roles are mapped.`,
  version: '1.0.0',
  tags: {
    auth: 'Signing in, and what concerns yourself.',
    accounts: 'Native accounts.',
    roles: 'Roles, which inherit from their parents.',
    permissions: 'What roles are made of.',
    rights: 'What others may do, compared with what you may do: for services that administer people.',
    keys: 'Public keys, for whoever verifies tokens.',
    health: 'Probes.',
  },
};

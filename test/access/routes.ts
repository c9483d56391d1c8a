import type { DeclaredRoute } from '#libs/auth/declared-access.js';

/**
 * Every route and the permission that it requires. A new route fails the tests until it is listed here, so that reviewers
 * see in one place which routes a change opens, and to which callers.
 */
export const IDENTITY_PROVIDER = `
GET     /.well-known/jwks.json                               anybody
GET     /api/v1/accounts                                     accounts:read
POST    /api/v1/accounts                                     accounts:create
GET     /api/v1/accounts/:id                                 accounts:read
PATCH   /api/v1/accounts/:id                                 accounts:update
DELETE  /api/v1/accounts/:id                                 accounts:delete
GET     /api/v1/accounts/:id/factors                         accounts:read
DELETE  /api/v1/accounts/:id/factors                         accounts:update
POST    /api/v1/accounts/:id/invite                          accounts:create
GET     /api/v1/accounts/:id/sessions                        sessions:read
DELETE  /api/v1/accounts/:id/sessions                        sessions:delete
DELETE  /api/v1/accounts/:id/sessions/:session_id            sessions:delete
GET     /api/v1/audit-events                                 audit:read
POST    /api/v1/auth/backchannel-logout                      anybody
POST    /api/v1/auth/email                                   own native token
GET     /api/v1/auth/factors                                 own native token
DELETE  /api/v1/auth/factors/:id                             own native token
POST    /api/v1/auth/factors/passkeys                        own native token
POST    /api/v1/auth/factors/passkeys/options                own native token
POST    /api/v1/auth/factors/recovery-codes                  own native token
POST    /api/v1/auth/factors/totp                            own native token
POST    /api/v1/auth/factors/totp/confirm                    own native token
POST    /api/v1/auth/forgot-password                         anybody
GET     /api/v1/auth/jwks                                    anybody
POST    /api/v1/auth/login                                   anybody
POST    /api/v1/auth/logout                                  own native token
POST    /api/v1/auth/logout-all                              own native token
GET     /api/v1/auth/me                                      any valid token
PATCH   /api/v1/auth/me                                      own native token
POST    /api/v1/auth/password                                own native token
POST    /api/v1/auth/refresh                                 anybody
POST    /api/v1/auth/register                                anybody
POST    /api/v1/auth/reset-password                          anybody
GET     /api/v1/auth/sessions                                own native token
DELETE  /api/v1/auth/sessions/:id                            own native token
POST    /api/v1/auth/undo-email                              anybody
POST    /api/v1/auth/verify-email                            anybody
GET     /api/v1/authority                                    authority:read
GET     /api/v1/clients                                      clients:read
POST    /api/v1/clients                                      clients:create
GET     /api/v1/clients/:client_id                           clients:read
PATCH   /api/v1/clients/:client_id                           clients:update
DELETE  /api/v1/clients/:client_id                           clients:delete
POST    /api/v1/clients/:client_id/secret                    clients:update
GET     /api/v1/health                                       anybody
GET     /api/v1/health/live                                  anybody
GET     /api/v1/health/ready                                 anybody
GET     /api/v1/permissions                                  permissions:read
POST    /api/v1/permissions                                  permissions:create
GET     /api/v1/permissions/:id                              permissions:read
PATCH   /api/v1/permissions/:id                              permissions:update
DELETE  /api/v1/permissions/:id                              permissions:delete
GET     /api/v1/rights/administrators                        accounts:read
POST    /api/v1/rights/compare                               users:update or users:delete
GET     /api/v1/roles                                        roles:read
POST    /api/v1/roles                                        roles:create
GET     /api/v1/roles/:id                                    roles:read
PATCH   /api/v1/roles/:id                                    roles:update
DELETE  /api/v1/roles/:id                                    roles:delete
POST    /api/v1/roles/:id/permissions                        roles:update
DELETE  /api/v1/roles/:id/permissions/:permission_id         roles:update
GET     /health                                              anybody
GET     /health/live                                         anybody
GET     /health/ready                                        anybody
`;

export const USER_SERVICE = `
GET     /audit-events                                        audit:read
GET     /users                                               users:read
GET     /users/:id                                           users:read
PATCH   /users/:id                                           users:update
DELETE  /users/:id                                           users:delete
GET     /users/me                                            any valid token
PUT     /users/me                                            any valid token
GET     /users/me/settings                                   any valid token
PUT     /users/me/settings                                   any valid token
`;

/**
 * Port 3001, which is never published. If `INTERNAL_API_TOKEN` is set, all routes except the probes require it.
 * `/authority` always requires the feed's token, or a caller's with `authority:read`.
 */
export const INTERNAL = `
GET     /authority                                           anybody
GET     /health                                              anybody
GET     /health/live                                         anybody
GET     /health/ready                                        anybody
GET     /metrics                                             anybody
POST    /users/batch                                         anybody
GET     /users/username/:username                            anybody
`;

/** The routes of an application in the format above, sorted by path and method. */
export function tableOf(routes: readonly DeclaredRoute[]): string {
  const lines = routes
    .toSorted((a, b) => compare(a.path, b.path) || ORDER.indexOf(a.method) - ORDER.indexOf(b.method))
    .map(({ method, path, access }) => `${method.padEnd(8)}${path.padEnd(53)}${nameOf(access)}\n`);
  return `\n${lines.join('')}`;
}

const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function nameOf(access: DeclaredRoute['access']): string {
  if (access === undefined) return 'NO ACCESS: it declares nothing';
  if (access.kind === 'public') return 'anybody';
  if (access.permissions.length > 0) return access.permissions.join(' or ');
  return access.nativeOnly ? 'own native token' : 'any valid token';
}

import pg from 'pg';

/** The ids of the nth person and of their session are the same in every run. */
export const personId = (n) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
export const sessionId = (n) => `00000000-0000-7000-9000-${n.toString(16).padStart(12, '0')}`;
export const isNative = (n) => n % 2 === 0;
export const username = (n) => `person${n}@example.com`;

/** Levels of the role hierarchy, and roles per level. */
const LEVELS = 10;
const PER_LEVEL = 100;
export const deepestRole = 'level9-0';

/** Runs SQL on a separate connection. */
export async function sql(url, text, values = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/**
 * Inserts the people with the numbers `first` to `last`: each has an account, a session and a profile. Profiles with odd
 * numbers belong to Keycloak.
 * @param {string} passwordHash the password of all of them
 */
export async function addPeople(url, { first, last, passwordHash }) {
  const id = (series) => `('00000000-0000-7000-${series}-' || lpad(to_hex(n), 12, '0'))::uuid`;
  const people = `generate_series(${first}, ${last}) n`;
  const created = `timestamptz '2026-01-01' + n * interval '1 ms'`;
  await sql(
    url,
    `INSERT INTO identity.accounts (id, email, email_key, password_hash, first_name, last_name, role_id, created_at)
     SELECT ${id('8000')}, 'person' || n || '@example.com', 'person' || n || '@example.com', $1, 'Given' || n,
       'Family' || n, (SELECT id FROM identity.roles WHERE name = 'user'), ${created} FROM ${people}`,
    [passwordHash],
  );
  await sql(
    url,
    `INSERT INTO identity.sessions (id, account_id, expires_at)
     SELECT ${id('9000')}, ${id('8000')}, now() + interval '2 days' FROM ${people}`,
  );
  await sql(
    url,
    `INSERT INTO users.users (id, display_name, created_at) SELECT ${id('8000')}, 'Person ' || n, ${created} FROM ${people}`,
  );
  await sql(
    url,
    `INSERT INTO users.identities
       (issuer, sub, user_id, username, username_key, email, email_key, first_name, last_name, told_at)
     SELECT CASE WHEN n % 2 = 0 THEN 'native' ELSE 'keycloak' END, ${id('8000')}, ${id('8000')}, name, name, name, name,
       'Given' || n, 'Family' || n, now()
     FROM ${people}, LATERAL (SELECT 'person' || n || '@example.com' AS name) named`,
  );
  await sql(url, 'VACUUM ANALYZE');
}

/** Inserts a thousand roles in ten levels, each with one permission. The deepest roles inherit those of their ancestors. */
export async function addRoles(url) {
  const id = (series) =>
    `('00000000-0000-7000-${series}-' || lpad(to_hex(level * ${PER_LEVEL} + line), 12, '0'))::uuid`;
  const parent = `('00000000-0000-7000-a000-' || lpad(to_hex((level - 1) * ${PER_LEVEL} + line), 12, '0'))::uuid`;
  const roles = `generate_series(0, ${LEVELS - 1}) level, generate_series(0, ${PER_LEVEL - 1}) line`;
  await sql(
    url,
    `INSERT INTO identity.roles (id, name, parent_id)
     SELECT ${id('a000')}, 'level' || level || '-' || line, CASE WHEN level > 0 THEN ${parent} END FROM ${roles}`,
  );
  await sql(
    url,
    `INSERT INTO identity.permissions (id, name)
     SELECT ${id('b000')}, 'bench' || level || '-' || line || ':read' FROM ${roles}`,
  );
  await sql(
    url,
    `INSERT INTO identity.role_permissions (role_id, permission_id) SELECT ${id('a000')}, ${id('b000')} FROM ${roles}`,
  );
  // The roles of the first level can read accounts, and the lower levels inherit this.
  await sql(
    url,
    `INSERT INTO identity.role_permissions (role_id, permission_id)
     SELECT r.id, p.id FROM identity.roles r, identity.permissions p
     WHERE r.name LIKE 'level0-%' AND p.name IN ('accounts:read', 'users:read')`,
  );
  await sql(url, 'UPDATE identity.authority SET version = version + 1');
}

/** Gives a person a role by its name. */
export const giveRole = (url, n, role) =>
  sql(
    url,
    'UPDATE identity.accounts SET role_id = (SELECT id FROM identity.roles WHERE name = $2) WHERE id = $1',
    [personId(n), role],
  );

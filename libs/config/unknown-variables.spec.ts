import { describe, expect, it } from 'vitest';
import { unknownVariables, withoutServiceLinks } from './unknown-variables.js';
import { SECTIONS } from './variables/table.js';

const known = Object.fromEntries(
  SECTIONS.flatMap(({ variables }) => Object.keys(variables)).map((name) => [name, 'x']),
);

describe('unknownVariables', () => {
  it.each([
    ['JWT_EXPIRATION_DAY', 'JWT_EXPIRATION_DAYS'],
    ['KEYCLOAK_REALMS', 'KEYCLOAK_REALM'],
    ['LOGIN_MAX_FAILURE', 'LOGIN_MAX_FAILURES'],
    ['USER_DATABASE', 'USER_DATABASE_URL'],
    ['IDENTITY_PROVIDER', 'IDENTITY_PROVIDER_URL'],
    ['DATABASE_URI', 'DATABASE_URL'],
  ])('names %s, in .env or the environment, and the nearest setting', (name, nearest) => {
    for (const found of [
      unknownVariables({ [name]: 's3cret' }, {}),
      unknownVariables({}, { [name]: 's3cret' }),
    ]) {
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(`${name} in`);
      expect(found[0]).toContain(`${nearest}?`);
      expect(found[0]).not.toContain('s3cret');
    }
  });

  it('names every unknown variable in .env', () => {
    expect(unknownVariables({ POTR: '8001' }, {})).toEqual([expect.stringContaining('PORT?')]);
  });

  it('does not show the last line of a key that was written without quotes', () => {
    const found = unknownVariables({ Zm9vYmFyYmF6: '' }, {});
    expect(found).toEqual([expect.stringContaining('double quotes')]);
    expect(found[0]).not.toContain('Zm9v');
  });

  it('ignores settings and variables of other programs', () => {
    expect(unknownVariables({ ...known, NODE_ENV: 'test' }, known)).toEqual([]);
    expect(unknownVariables({ OTEL_SERVICE_NAME: 'x', COMPOSE_PROJECT_NAME: 'x' }, {})).toEqual([]);
    expect(unknownVariables({}, { PATH: 'x', HOSTNAME: 'x', KEYCLOAK_TEST_URL: 'x', USERNAME: 'x' })).toEqual(
      [],
    );
  });
});

describe('links of Kubernetes Services', () => {
  const links = {
    USER_SERVICE_PORT: 'tcp://10.96.23.4:3000',
    USER_SERVICE_PORT_3000_TCP: 'tcp://10.96.23.4:3000',
    USER_SERVICE_PORT_3000_TCP_ADDR: '10.96.23.4',
    USER_SERVICE_PORT_3000_TCP_PORT: '3000',
    USER_SERVICE_PORT_3000_TCP_PROTO: 'tcp',
    USER_SERVICE_SERVICE_HOST: '10.96.23.4',
    USER_SERVICE_SERVICE_PORT: '3000',
    USER_SERVICE_SERVICE_PORT_HTTP: '3000',
    USER_SERVICE_INTERNAL_PORT: 'tcp://10.96.23.5:3001',
    KEYCLOAK_PORT: 'tcp://10.96.23.6:8080',
    KEYCLOAK_SERVICE_HOST: '10.96.23.6',
    USER_DB_PORT: 'tcp://10.96.23.7:5432',
    METRICS_PORT: 'udp://10.96.23.8:9464',
  };

  it('cause no warning', () => expect(unknownVariables({}, links)).toEqual([]));

  it('do not set a port', () => {
    const left = Object.keys(withoutServiceLinks(links));
    expect(left.filter((name) => name in known)).toEqual([]);
    expect(withoutServiceLinks({ USER_SERVICE_PORT: '3000' })).toEqual({ USER_SERVICE_PORT: '3000' });
  });

  it('do not hide a variable with a similar name', () => {
    expect(unknownVariables({}, { DATABASE_PORT: '5432' })).toHaveLength(1);
  });
});

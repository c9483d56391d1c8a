import { describe, expect, test } from 'vitest';
import { javaCommand, javaMajorVersion, withoutKeycloakSettings } from './programs.js';

describe('the version of Java', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21-ea" 2023-09-19', 21],
    ['java version "1.8.0_402"', 8],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25" 2025-09-16', 25],
    ['The operation couldn’t be completed. Unable to locate a Java Runtime.', null],
    ['', null],
  ])('of %j is %j', (output, version) => {
    expect(javaMajorVersion(output)).toBe(version);
  });

  test('is that of JAVA_HOME, if it is set', () => {
    expect(javaCommand({ JAVA_HOME: '/opt/java' })).toBe('/opt/java/bin/java');
    expect(javaCommand({ JAVA_HOME: '' })).toBe('java');
  });
});

test("settings of another Keycloak in the shell are removed, and the realm's placeholders are kept", () => {
  const environment = { PATH: '/bin', KC_DB: 'postgres', JAVA_OPTS: '-Xmx9g', KEYCLOAK_CLIENT_SECRET: 's' };
  expect(withoutKeycloakSettings(environment)).toEqual({ PATH: '/bin', KEYCLOAK_CLIENT_SECRET: 's' });
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  developmentEnvironment,
  problemsOf,
  productionEnvironment,
} from '../../test/support/settings-fixtures.js';
import type { Environment } from './environment.js';
import { identityProviderSettings } from './identity-provider.settings.js';

const inDevelopment = (env: Environment) =>
  identityProviderSettings(developmentEnvironment(env)).registration;
const refusals = (env: Environment) => problemsOf(() => identityProviderSettings(env));
const file = (content: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'twinkey-')), 'hashes.txt');
  writeFileSync(path, content);
  return path;
};

describe('registration', () => {
  it('is open in development, and off in production', () => {
    expect(inDevelopment({})).toEqual({
      mode: 'open',
      role: 'user',
      isRoleNamed: false,
      emailDomains: [],
      termsUrl: null,
      requireVerifiedEmail: false,
    });
    expect(identityProviderSettings(productionEnvironment()).registration.mode).toBe('off');
  });

  it('needs a mail server to be open in production', () => {
    const open = { REGISTRATION: 'open' };
    expect(refusals(productionEnvironment(open))).toEqual([
      { variable: 'SMTP_URL', message: expect.stringContaining('REGISTRATION=open') },
    ]);
    expect(refusals(productionEnvironment({ REGISTRATION: 'invite' }))).toEqual([]);
    const mail = { SMTP_URL: 'smtp://127.0.0.1:2525', MAIL_FROM: 'no-reply@shop.test' };
    expect(refusals(productionEnvironment({ ...open, ...mail }))).toEqual([]);
  });

  it('knows whether the role is named', () => {
    expect(inDevelopment({ REGISTRATION_ROLE: 'customer' })).toMatchObject({
      role: 'customer',
      isRoleNamed: true,
    });
  });

  it('reads domains', () => {
    expect(
      inDevelopment({ REGISTRATION_EMAIL_DOMAINS: 'Example.com, @shop.test,bücher.example' }).emailDomains,
    ).toEqual(['example.com', 'shop.test', 'xn--bcher-kva.example']);
  });

  it.each([
    ['REGISTRATION', 'yes'],
    ['REGISTRATION_ROLE', 'a role'],
    ['REGISTRATION_EMAIL_DOMAINS', 'example.com,,'],
    ['REGISTRATION_EMAIL_DOMAINS', 'https://example.com'],
    ['REQUIRE_VERIFIED_EMAIL', 'sometimes'],
    ['TERMS_URL', 'javascript:alert(1)'],
    ['BREACHED_PASSWORDS_FILE', '/does/not/exist'],
    ['BREACHED_PASSWORDS_FILE', file('password\n')],
  ])('refuses %s=%s', (variable, value) => {
    expect(refusals(developmentEnvironment({ [variable]: value }))).toMatchObject([{ variable }]);
  });
});

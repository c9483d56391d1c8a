import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { identityProviderSettings } from '#libs/config/identity-provider.settings.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { developmentEnvironment } from '../../../test/support/settings-fixtures.js';
import { SETTINGS } from './settings.js';
import { SettingsModule } from './settings.module.js';

it('provides settings that no feature can change', async () => {
  const settings = identityProviderSettings(developmentEnvironment());
  const module = await Test.createTestingModule({
    imports: [SettingsModule.forRoot(settings, new Drain())],
  }).compile();
  const injected: IdentityProviderSettings = module.get(SETTINGS);
  expect(() => {
    injected.port = 1;
  }).toThrow(TypeError);
  expect(() => {
    injected.login.maxFailures = 1;
  }).toThrow(TypeError);
  expect(() => injected.signing.publicKeys.pop()).toThrow(TypeError);
});

import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { userServiceSettings } from '#libs/config/user-service.settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { developmentEnvironment } from '../../../test/support/settings-fixtures.js';
import { SETTINGS } from './settings.js';
import { SettingsModule } from './settings.module.js';

it('provides settings that no feature can change', async () => {
  // `twinkey run` adds the number of workers to the settings that were read.
  const settings = { ...userServiceSettings(developmentEnvironment()), workers: 2 };
  const module = await Test.createTestingModule({
    imports: [SettingsModule.forRoot(settings, new Drain())],
  }).compile();
  const injected: UserServiceSettings = module.get(SETTINGS);
  expect(() => {
    injected.port = 1;
  }).toThrow(TypeError);
  expect(() => {
    injected.native.audience = 'another';
  }).toThrow(TypeError);
  expect(() => injected.native.keys.pop()).toThrow(TypeError);
});

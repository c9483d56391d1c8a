import { expect, it } from 'vitest';
import { KeycloakResiliencePolicy } from './keycloak-resilience-policy.js';

it('lookups that fill their places leave those of people free', async () => {
  const gate = new KeycloakResiliencePolicy('keycloak');
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const lookups = Array.from({ length: 300 }, () => gate.execute(() => ended, 'lookup'));
  const outcomes = Promise.allSettled(lookups);
  await expect(gate.execute(async () => 'renamed')).resolves.toBe('renamed');
  end();
  const refused = (await outcomes).filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
});

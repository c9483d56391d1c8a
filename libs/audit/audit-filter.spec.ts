import { expect, it } from 'vitest';
import { parseActor, parseTarget } from './audit-filter.js';

const ID = '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001';

it.each([
  [ID, null, ID],
  [ID.toUpperCase(), null, ID],
  [`native:${ID}`, 'native', ID],
  [`native:${ID.toUpperCase()}`, 'native', ID],
  ['keycloak:Ada', 'keycloak', 'Ada'],
  ['keycloak:f:8d1a:ada', 'keycloak', 'f:8d1a:ada'],
  ['f:8d1a:ada', null, 'f:8d1a:ada'],
  ['Acme:ada', null, 'Acme:ada'],
  [':ada', null, ':ada'],
  ['native:', 'native', ''],
])('the actor %s is of issuer %s with sub %s', (text, issuer, sub) => {
  expect(parseActor(text)).toEqual({ issuer, sub });
});

it.each([
  [ID, null, ID],
  [`account:${ID.toUpperCase()}`, 'account', ID],
  ['key:2026:a', 'key', '2026:a'],
  ['2026:a', null, '2026:a'],
])('the target %s is of type %s with id %s', (text, type, id) => {
  expect(parseTarget(text)).toEqual({ type, id });
});

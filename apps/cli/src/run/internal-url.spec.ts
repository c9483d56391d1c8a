import { describe, expect, it } from 'vitest';
import { withReachableIdentityProvider } from './internal-url.js';

describe('withReachableIdentityProvider', () => {
  it.each([
    ['nothing is set', {}],
    ['HOST is all IPv4 addresses', { HOST: '0.0.0.0' }],
    ['HOST is all IPv6 addresses', { HOST: '::' }],
    ['a URL is set', { HOST: '10.0.0.7', IDENTITY_PROVIDER_URL: 'http://idp:8001' }],
  ])('changes nothing if %s', async (_, env) => {
    expect(await withReachableIdentityProvider(env, 'all')).toEqual(env);
  });

  it.each([
    [{ HOST: '10.0.0.7' }, 'http://10.0.0.7:8001'],
    [{ HOST: '::1', PORT: '9001' }, 'http://[::1]:9001'],
    [{ HOST: '[::1]' }, 'http://[::1]:8001'],
  ])('sets the URL to the address that identity-provider listens on: %j', async (env, url) => {
    expect(await withReachableIdentityProvider(env, 'all')).toEqual({ ...env, IDENTITY_PROVIDER_URL: url });
  });

  it('changes nothing for a user-service alone: its identity-provider runs elsewhere', async () => {
    const env = { HOST: '10.0.0.7', PORT: '0' };
    expect(await withReachableIdentityProvider(env, 'user-service')).toEqual(env);
  });
});

import { describe, expect, it } from 'vitest';
import { withReachableIdentityProvider } from './internal-url.js';

describe('withReachableIdentityProvider', () => {
  it.each([
    ['nothing is said', {}],
    ['all addresses are listened on', { HOST: '0.0.0.0' }],
    ['the same in IPv6', { HOST: '::' }],
    ['a URL is given', { HOST: '10.0.0.7', IDENTITY_PROVIDER_URL: 'http://idp:8001' }],
  ])('changes nothing where %s', async (_, env) => {
    expect(await withReachableIdentityProvider(env, 'all')).toEqual(env);
  });

  it.each([
    [{ HOST: '10.0.0.7' }, 'http://10.0.0.7:8001'],
    [{ HOST: '::1', PORT: '9001' }, 'http://[::1]:9001'],
    [{ HOST: '[::1]' }, 'http://[::1]:8001'],
  ])('finds identity-provider where it listens: %j', async (env, url) => {
    expect(await withReachableIdentityProvider(env, 'all')).toEqual({ ...env, IDENTITY_PROVIDER_URL: url });
  });

  it('leaves a user-service alone: its identity-provider is elsewhere', async () => {
    const env = { HOST: '10.0.0.7', PORT: '0' };
    expect(await withReachableIdentityProvider(env, 'user-service')).toEqual(env);
  });
});

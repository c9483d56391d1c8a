import { pbkdf2 } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  KEYCLOAK_OPTIONS,
  keycloak,
  NATIVE,
  NATIVE_AUDIENCE,
  native,
  signedKeycloak,
  signedNative,
  trusted,
  without,
} from '../../../test/support/token-fixtures.js';
import { describeVerifiers, outcomeOf } from '../../../test/support/verifiers-under-test.js';
import type { AuthorityState, CurrentAuthority, TokenReference } from './authority-state.js';
import { keycloakIssuer } from './issuers/keycloak-issuer.js';
import { TrustedIssuers } from './issuers/trusted-issuers.js';
import { TokenError } from './token-error.js';
import { TokenVerifier } from './token-verifier.js';

describeVerifiers(({ outcome, verify }) => {
  it('accepts a good token of the native issuer', async () => {
    const { claims } = native();
    expect(await verify(signedNative())).toEqual({
      issuer: 'native',
      issuer_kind: 'native',
      sub: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11',
      username: 'ada@example.com',
      email: 'ada@example.com',
      email_verified: true,
      first_name: 'Ada',
      last_name: 'Lovelace',
      kind: 'person',
      roles: ['support'],
      permissions: ['users:read'],
      token: { id: claims.jti, issued_at: claims.iat, expires_at: claims.exp },
    });
  });

  it('accepts a good token of Keycloak', async () => {
    const { claims } = keycloak();
    expect(await verify(signedKeycloak())).toEqual({
      issuer: 'keycloak',
      issuer_kind: 'keycloak',
      sub: 'c0139d68-ba04-4470-8a0f-b9a00b453183',
      username: 'alice',
      email: 'alice@example.com',
      email_verified: true,
      first_name: 'Alice',
      last_name: 'Liddell',
      kind: 'person',
      roles: ['support'],
      permissions: [],
      token: { id: claims.jti, issued_at: claims.iat, expires_at: claims.exp },
    });
  });

  it("says that a client's own native token is a service's", async () => {
    const claims = { sub: 'reports', client_id: 'reports' };
    expect(await verify(signedNative({ claims }))).toMatchObject({ sub: 'reports', kind: 'service' });
  });

  it.each<[string, () => string]>([
    ['Keycloak, header typ at+jwt', () => signedKeycloak({ header: { typ: 'at+jwt' } })],
    ['aud as text', () => signedKeycloak({ claims: { aud: 'user-service' } })],
    ['aud as a list', () => signedNative({ claims: { aud: ['other', NATIVE_AUDIENCE] } })],
    [
      'x5t, which is only a name for a key',
      () => signedNative({ header: { x5t: 'VcJsEpcMJRIptzdGskBFfLfznsg' } }),
    ],
    ['times with fractions', () => signedNative({ claims: { iat: Date.now() / 1_000 } })],
    [
      'nothing but what is needed',
      () => signedNative({ claims: without('jti', 'sid', 'email', 'role', 'permissions') }),
    ],
    ['sub of 255 characters', () => signedKeycloak({ claims: { sub: 's'.repeat(255) } })],
    ['sub in any script', () => signedKeycloak({ claims: { sub: 'f:ldap:Žofie 🦊' } })],
  ])('accepts a token with %s', async (_name, token) => {
    expect(await outcome(token())).toBe('accepted');
  });

  it('verifies while the thread pool is full', async () => {
    let busy = 0;
    const token = signedNative();
    const jobs = Array.from({ length: 8 }, () => {
      busy++;
      return new Promise<void>((resolve) =>
        pbkdf2('password', 'salt', 100_000, 64, 'sha512', () => {
          busy--;
          resolve();
        }),
      );
    });
    await verify(token);
    expect(busy).toBe(8);
    await Promise.all(jobs);
  });
});

describe('what is known beyond the token', () => {
  /** Refuses what a test has revoked, and knows the role that a test has set. */
  class TestAuthority implements AuthorityState {
    revoked: string | null = null;
    current: CurrentAuthority | undefined;
    readonly asked = new Set<object>();

    assertNotRevoked(token: TokenReference): void {
      this.asked.add(token);
      if (token.sessionId === this.revoked) throw new TokenError('session_ended', token.sessionId);
    }

    currentAuthority(): CurrentAuthority | undefined {
      return this.current;
    }
  }

  let authority: TestAuthority;
  let refused: TokenError[];
  let verifier: TokenVerifier;

  beforeEach(() => {
    authority = new TestAuthority();
    refused = [];
    verifier = new TokenVerifier(new TrustedIssuers(trusted()), authority, {
      tokenRefused: (error) => void refused.push(error),
    });
  });
  afterEach(() => verifier.close());

  it('is asked for each use of a token, with the same object while the token is cached', async () => {
    const token = signedNative();
    const { claims } = native();
    for (let index = 0; index < 3; index++) await verifier.verify(token);
    expect([...authority.asked]).toEqual([
      {
        issuer: NATIVE,
        subject: claims.sub,
        sessionId: claims.sid,
        keyId: 'native-1',
        issuedAt: expect.any(Number),
        role: 'support',
        roles: ['support'],
      },
    ]);
  });

  it('refuses a token that was accepted before', async () => {
    const token = signedNative();
    await verifier.verify(token);
    authority.revoked = native().claims.sid as string;
    expect(await outcomeOf(verifier, token)).toBe('session_ended');
    expect(refused.map(({ code }) => code)).toEqual(['session_ended']);
    authority.revoked = null;
    expect(await outcomeOf(verifier, token)).toBe('accepted');
  });

  it('replaces the role and the permissions of the token, also of a cached one', async () => {
    const token = signedNative();
    await verifier.verify(token);
    authority.current = { role: 'editor', permissions: ['reports:write'] };
    expect(await verifier.verify(token)).toMatchObject({ roles: ['editor'], permissions: ['reports:write'] });
    authority.current = { role: null, permissions: [] };
    expect(await verifier.verify(token)).toMatchObject({ roles: [], permissions: [] });
    authority.current = undefined;
    expect(await verifier.verify(token)).toMatchObject({ roles: ['support'], permissions: ['users:read'] });
  });

  it('gives permissions to the mapped roles of a Keycloak user', async () => {
    authority.current = { role: null, permissions: ['tickets:read'] };
    expect(await verifier.verify(signedKeycloak())).toMatchObject({
      roles: ['support'],
      permissions: ['tickets:read'],
    });
  });
});

describe('a verifier', () => {
  it('reads the token of a request, and reports what it refuses', async () => {
    const refused: string[] = [];
    const observer = { tokenRefused: ({ code }: TokenError) => void refused.push(code) };
    const verifier = new TokenVerifier(new TrustedIssuers(trusted()), null, observer);
    const ask = (...values: string[]) =>
      verifier.authenticate({
        headers: { authorization: values[0] },
        rawHeaders: values.flatMap((value) => ['Authorization', value]),
      });
    expect(await ask(`bearer ${signedNative()}`)).toMatchObject({ issuer: 'native' });
    const bad = [[], ['Basic YTpi'], [`Bearer ${signedNative()}`, 'Bearer x'], ['Bearer x']];
    for (const values of bad) await expect(ask(...values)).rejects.toBeInstanceOf(TokenError);
    expect(refused).toEqual([
      'credentials_absent',
      'credentials_malformed',
      'credentials_repeated',
      'malformed',
    ]);
  });

  it('does not let one request change what the next one gets', async () => {
    const verifier = new TokenVerifier(new TrustedIssuers(trusted()), null);
    const token = signedNative();
    const caller = await verifier.verify(token);
    expect(() => (caller.permissions as string[]).push('*')).toThrow(TypeError);
    expect(() => (caller.roles as string[]).push('admin')).toThrow(TypeError);
    (caller as { sub: string }).sub = 'mallory';
    expect((await verifier.verify(token)).sub).toBe(native().claims.sub);
  });

  it('is closed for good', async () => {
    const verifier = new TokenVerifier(new TrustedIssuers(trusted()), null);
    const token = signedNative();
    await verifier.verify(token);
    await verifier.close();
    await verifier.close();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'closed', status: 503 });
  });

  it('refuses what is no text, and what is too long', async () => {
    const verifier = new TokenVerifier(new TrustedIssuers(trusted()), null);
    for (const value of [undefined, null, 1, {}, ['a.b.c'], Buffer.from('a.b.c')]) {
      await expect(verifier.verify(value as string)).rejects.toMatchObject({ code: 'malformed' });
    }
    await expect(verifier.verify('x'.repeat(16_385))).rejects.toMatchObject({ code: 'too_large' });
  });

  it('continues where its observer throws', async () => {
    const fetched = vi.fn(() => {
      throw new Error('The metrics are away.');
    });
    const observer = { keySetFetched: fetched, tokenRefused: fetched };
    const away = keycloakIssuer({ ...KEYCLOAK_OPTIONS, internalUrl: 'http://127.0.0.1:1' });
    const verifier = new TokenVerifier(new TrustedIssuers([away], observer), null, observer);
    await expect(verifier.verify(signedKeycloak())).rejects.toMatchObject({
      code: 'keys_unavailable',
      status: 503,
    });
    expect(fetched).toHaveBeenCalledTimes(2);
    await verifier.close();
  });
});

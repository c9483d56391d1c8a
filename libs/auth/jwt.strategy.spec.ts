import { describe, expect, it } from 'vitest';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import { signToken } from '#libs/verify/src/testing/tokens.js';
import { NATIVE_OPTIONS, native, signedNative, strangerKey } from '../../test/support/token-fixtures.js';
import { outcomeOf, startPassportVerifier } from '../../test/support/verifiers-under-test.js';

// The forged tokens are refused by the specs of libs/verify, which also run through this strategy.
describe('JwtStrategy', () => {
  it('keeps two applications in one process separate', async () => {
    const first = await startPassportVerifier();
    const second = await startPassportVerifier([nativeIssuer({ ...NATIVE_OPTIONS, keys: [strangerKey] })]);
    const stranger = signToken(native(), strangerKey);
    expect(await outcomeOf(first, signedNative())).toBe('accepted');
    expect(await outcomeOf(first, stranger)).toBe('signature');
    expect(await outcomeOf(second, signedNative())).toBe('signature');
    expect(await outcomeOf(second, stranger)).toBe('accepted');
    await second.close();
    expect(await outcomeOf(first, signedNative())).toBe('accepted');
    await first.close();
  });
});

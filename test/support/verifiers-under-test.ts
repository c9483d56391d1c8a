import type { ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { AuthModule } from '#libs/auth/auth.module.js';
import { BearerGuard } from '#libs/auth/bearer.guard.js';
import { createVerifier } from '#libs/verify/src/create-verifier.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import { type Principal, principalOf } from '#libs/verify/src/principal.js';
import { startPackedVerifier } from './packed-verifier.js';
import { trusted } from './token-fixtures.js';

/** One of the ways in which tokens are verified. */
export interface VerifierUnderTest {
  /** @throws TokenError */
  verify(token: string): Promise<Principal>;
  close(): Promise<unknown>;
}

/** `AuthModule` as the apps import it: tokens go through passport, its strategy and jsonwebtoken. */
export async function startPassportVerifier(
  issuers: TrustedIssuer[] = trusted(),
): Promise<VerifierUnderTest> {
  const module = await Test.createTestingModule({
    imports: [AuthModule.forRoot({ issuers: { useFactory: () => issuers } })],
  }).compile();
  await module.init();
  return {
    verify: async (token) => {
      const authorization = `Bearer ${token}`;
      const headers = { authorization };
      const request = { headers, raw: { headers, rawHeaders: ['Authorization', authorization] } };
      const http = { getRequest: () => request, getResponse: () => ({}) };
      const context = { switchToHttp: () => http } as unknown as ExecutionContext;
      return principalOf(await module.get(BearerGuard).verify(context));
    },
    close: () => module.close(),
  };
}

/** The package's own verifier. */
const startPackageVerifier = async (): Promise<VerifierUnderTest> => createVerifier({ issuers: trusted() });

/** The folder of an installed package, which test/verify/packed.e2e.ts sets: it is then verified alone. */
const PACKED = process.env['PACKED_VERIFIER'];

const VERIFIERS: [string, () => Promise<VerifierUnderTest>][] = PACKED
  ? [['the packed package', () => startPackedVerifier(PACKED)]]
  : [
      ['createVerifier', startPackageVerifier],
      ['passport-jwt', startPassportVerifier],
    ];

/** Declares the tests once for each way to verify. */
export function describeVerifiers(
  tests: (use: {
    /** `accepted`, or the code of the refusal. */
    outcome(token: string): Promise<string>;
    verify(token: string): Promise<Principal>;
  }) => void,
): void {
  describe.each(VERIFIERS)('%s', (_name, start) => {
    let verifier: VerifierUnderTest;
    beforeAll(async () => {
      verifier = await start();
    });
    afterAll(() => verifier.close());
    tests({
      outcome: (token) => outcomeOf(verifier, token),
      verify: (token) => verifier.verify(token),
    });
  });
}

/** `accepted`, or the code of the refusal. */
export const outcomeOf = (verifier: VerifierUnderTest, token: string): Promise<string> =>
  verifier.verify(token).then(
    () => 'accepted',
    (error) => {
      if (error.name === 'TokenError') return error.code;
      throw error;
    },
  );

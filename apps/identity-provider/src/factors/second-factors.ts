import { Inject, Injectable } from '@nestjs/common';
import type { Requester } from '../self-service/requester.js';
import type { AuthenticationMethod } from '../sessions/authentication-methods.js';

/** SQL of `factors f`: whether it is one that a sign-in asks for. Recovery codes alone are none. */
export const IS_SECOND_FACTOR = `f.kind <> 'recovery_codes' AND f.confirmed_at IS NOT NULL`;

/** SQL: whether the account `a` has a second factor. */
export const HAS_SECOND_FACTOR = `EXISTS (
  SELECT FROM identity.factors f WHERE f.account_id = a.id AND ${IS_SECOND_FACTOR})`;

/** The account that signs in, for the audit log. */
export interface CodeOwner {
  accountId: string;
  email: string;
}

/** Verifies one kind of code: of an authenticator app, or a recovery code. */
export interface CodeVerifier {
  /** Whether the code could be of this kind. No code could be of two. */
  hasForm(code: string): boolean;
  /**
   * Uses the code up: it works once, also if two sign-ins send it at the same time.
   * @returns false if it is wrong or was used
   */
  use(owner: CodeOwner, code: string, requester: Requester): Promise<boolean>;
}

/** Injects a `CodeVerifier` for each kind. */
export const CODE_VERIFIERS = Symbol('verifiers of codes');

const WITH_CODE: readonly AuthenticationMethod[] = ['pwd', 'otp', 'mfa'];

/** The second factors of a sign-in. Passkeys, which only pages can use, are in `passkeys.ts`. */
@Injectable()
export class SecondFactors {
  constructor(@Inject(CODE_VERIFIERS) private readonly verifiers: readonly CodeVerifier[]) {}

  /**
   * @param code spaces and hyphens do not matter
   * @returns the methods of a sign-in with password and this code; null if the code is wrong or was used
   */
  async verifyCode(
    owner: CodeOwner,
    code: string,
    requester: Requester,
  ): Promise<readonly AuthenticationMethod[] | null> {
    const compact = code.replace(/[\s-]/g, '');
    const verifier = this.verifiers.find((each) => each.hasForm(compact));
    return (await verifier?.use(owner, compact, requester)) ? WITH_CODE : null;
  }
}

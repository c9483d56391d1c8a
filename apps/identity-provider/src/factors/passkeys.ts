import { Injectable, Logger } from '@nestjs/common';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { AuthenticationMethod } from '../sessions/authentication-methods.js';
import { PasskeyChallenges } from './passkey-challenges.js';
import { type NewPasskey, PasskeyRows, type StoredPasskey, transportsOf } from './passkey-rows.js';
import { RelyingParty } from './relying-party.js';

/** The library is a tenth of the time of a start, so it is loaded with the first passkey. */
const webauthn = () => import('@simplewebauthn/server');

/** How long a user may take to add a passkey. */
const ADD_SECONDS = 5 * 60;
/** How long a user may take to use one, where the browser asks for it. */
const USE_SECONDS = 5 * 60;

/** A passkey that has just signed a challenge. */
export interface UsedPasskey {
  accountId: string;
  /** As the account spells it. */
  email: string;
  isActive: boolean;
  emailVerified: boolean;
  method: PasskeyMethod;
}

type PasskeyMethod = Extract<AuthenticationMethod, 'hwk' | 'swk'>;

/** In `amr`: a passkey that was copied from its device can be on others. */
export const methodOf = ({ backedUp }: Pick<NewPasskey, 'backedUp'>): PasskeyMethod =>
  backedUp ? 'swk' : 'hwk';

/** The ceremonies of WebAuthn level 3: adding a passkey, and signing in with one. */
@Injectable()
export class Passkeys {
  private readonly logger = new Logger(Passkeys.name);

  constructor(
    private readonly rows: PasskeyRows,
    private readonly challenges: PasskeyChallenges,
    private readonly party: RelyingParty,
  ) {}

  /** The options of `navigator.credentials.create()`. A passkey of the account cannot be added a second time. */
  async addOptions(account: { id: string; email: string }): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const [challenge, present] = await Promise.all([
      this.challenges.create(`add ${account.id}`, ADD_SECONDS),
      this.rows.ofAccount(account.id),
    ]);
    const { generateRegistrationOptions } = await webauthn();
    return generateRegistrationOptions({
      rpID: this.party.id,
      rpName: this.party.name,
      userID: userHandle(account.id),
      userName: account.email,
      userDisplayName: account.email,
      challenge: Uint8Array.from(challenge),
      timeout: ADD_SECONDS * 1000,
      attestationType: 'none',
      excludeCredentials: present.map(descriptor),
      authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
    });
  }

  /** Verifies what `navigator.credentials.create()` gave. @returns null if it is not valid for this account */
  async verifyNew(accountId: string, response: RegistrationResponseJSON): Promise<NewPasskey | null> {
    const challenge = await this.useChallenge(`add ${accountId}`, response);
    if (challenge === null) return null;
    const { verifyRegistrationResponse } = await webauthn();
    const verified = await this.attempt(() =>
      verifyRegistrationResponse({ response, ...this.expected(challenge), requireUserVerification: false }),
    );
    if (!verified?.registrationInfo) return null;
    const { credential, credentialBackedUp } = verified.registrationInfo;
    return {
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports: transportsOf(response.response.transports),
      backedUp: credentialBackedUp,
    };
  }

  async hasSome(accountId: string): Promise<boolean> {
    return (await this.rows.ofAccount(accountId)).length > 0;
  }

  /** @param credentialId in base64url */
  async isOfAccount(accountId: string, credentialId: string): Promise<boolean> {
    return (await this.rows.find(credentialId))?.accountId === accountId;
  }

  /**
   * The options of `navigator.credentials.get()`.
   * @param signIn names the sign-in in progress: only it can use the challenge, within `seconds`
   * @param accountId the account whose passkeys can be used as its second factor; null for any passkey, alone
   */
  async signInOptions(
    signIn: { id: string; seconds: number },
    accountId: string | null,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const [challenge, present] = await Promise.all([
      this.challenges.create(`sign-in ${signIn.id}`, signIn.seconds),
      accountId === null ? [] : this.rows.ofAccount(accountId),
    ]);
    const { generateAuthenticationOptions } = await webauthn();
    return generateAuthenticationOptions({
      rpID: this.party.id,
      challenge: Uint8Array.from(challenge),
      timeout: USE_SECONDS * 1000,
      allowCredentials: present.map(descriptor),
      userVerification: accountId === null ? 'required' : 'preferred',
    });
  }

  /**
   * Verifies what `navigator.credentials.get()` gave.
   * @param accountId the account that has given its password already; null: the passkey stands alone, and its device must
   *   have verified the user
   * @returns null if it is not valid here
   */
  async use(
    signInId: string,
    accountId: string | null,
    response: AuthenticationResponseJSON,
  ): Promise<UsedPasskey | null> {
    const challenge = await this.useChallenge(`sign-in ${signInId}`, response);
    const passkey = challenge === null ? null : await this.rows.find(response.id);
    if (challenge === null || !passkey || (accountId !== null && passkey.accountId !== accountId))
      return null;
    if (!belongsTo(response, passkey, accountId === null)) return null;
    const { verifyAuthenticationResponse } = await webauthn();
    const verified = await this.attempt(() =>
      verifyAuthenticationResponse({
        response,
        ...this.expected(challenge),
        credential: {
          id: response.id,
          publicKey: Uint8Array.from(passkey.publicKey),
          counter: Number(passkey.counter),
        },
        requireUserVerification: accountId === null,
      }),
    );
    if (!verified?.verified) return null;
    const { newCounter, credentialBackedUp } = verified.authenticationInfo;
    if (!(await this.rows.use(passkey.factorId, newCounter, credentialBackedUp))) return null;
    return {
      accountId: passkey.accountId,
      email: passkey.email,
      isActive: passkey.isActive,
      emailVerified: passkey.emailVerified,
      method: methodOf({ backedUp: credentialBackedUp }),
    };
  }

  private expected(challenge: string) {
    const { id, origin } = this.party;
    return { expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: id };
  }

  /** @returns the challenge that the browser has signed; null if it is not one of this purpose */
  private async useChallenge(
    purpose: string,
    { response }: { response: { clientDataJSON: string } },
  ): Promise<string | null> {
    const { decodeClientDataJSON } = await import('@simplewebauthn/server/helpers');
    const data = await this.attempt(async () => decodeClientDataJSON(response.clientDataJSON));
    const challenge: unknown = data?.challenge;
    if (typeof challenge !== 'string') return null;
    return (await this.challenges.use(purpose, challenge)) ? challenge : null;
  }

  /** The library throws for everything that does not fit: only the log has the reason. */
  private async attempt<T>(verify: () => Promise<T>): Promise<T | null> {
    try {
      return await verify();
    } catch (error) {
      this.logger.warn({ msg: 'passkey refused', reason: (error as Error).message });
      return null;
    }
  }
}

/** The id of a user at their authenticators (WebAuthn level 3, section 5.4.3): the account's id, which says nothing else. */
const userHandle = (accountId: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(accountId.replaceAll('-', ''), 'hex'));

/** A passkey that stands alone has to name its user (section 7.2, step 6). */
function belongsTo(
  { response }: AuthenticationResponseJSON,
  { accountId }: StoredPasskey,
  isAlone: boolean,
): boolean {
  const given: unknown = response.userHandle;
  if (given === undefined || given === null) return !isAlone;
  return given === Buffer.from(userHandle(accountId)).toString('base64url');
}

const descriptor = ({ credentialId, transports }: StoredPasskey) => ({
  id: credentialId.toString('base64url'),
  transports: transportsOf(transports),
});

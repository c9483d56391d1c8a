import { Inject, Injectable } from '@nestjs/common';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { auditContextOf, type RequestAudit } from '#libs/audit/audit-context.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { LoginService, type VerifiedAccount } from '../../auth/login.service.js';
import { invalidPasskey } from '../../factors/factors.errors.js';
import { type AddOptions, type FactorOwner, OwnFactorsService } from '../../factors/own-factors.service.js';
import { Passkeys } from '../../factors/passkeys.js';
import { MAX_CODE } from '../../factors/recovery-code.js';
import { SecondFactors } from '../../factors/second-factors.js';
import type { TotpEnrolment } from '../../factors/totp.js';
import { type Requester, requesterOf } from '../../self-service/requester.js';
import type { AuthenticationMethod } from '../../sessions/authentication-methods.js';
import { SETTINGS } from '../../settings.js';
import { answerOf, retryText } from './api-error-page.js';
import { codePage, recoveryCodesPage, type SetupProblem, setupPage } from './factor-bodies.js';
import { readCredential } from './passkey-credential.js';
import { type Progress, SignInProgress } from './sign-in-progress.js';
import type { PageAnswer, Visit } from './visit.js';

/** `verified` is complete; `restart`: the sign-in has to begin again, with the reason where the page has to say it. */
export type FactorOutcome =
  | { answer: PageAnswer }
  | { verified: VerifiedAccount; trustBrowser: boolean }
  | { restart: string | null };

const RESTART = { restart: null };

type Answer = Pick<PageAnswer, 'status' | 'headers'>;

/** The pages between a password that was right and the end of a sign-in. */
@Injectable()
export class FactorPages {
  private readonly canTrust: boolean;

  constructor(
    @Inject(SETTINGS) { secondFactor }: Pick<IdentityProviderSettings, 'secondFactor'>,
    private readonly progress: SignInProgress,
    private readonly login: LoginService,
    private readonly codes: SecondFactors,
    private readonly factors: OwnFactorsService,
    private readonly passkeys: Passkeys,
  ) {
    this.canTrust = secondFactor.trustedBrowsers;
  }

  async show(visit: Visit, progress: Progress): Promise<PageAnswer> {
    const { texts } = visit;
    if (progress.step === 'code') return this.showCode(visit, progress, null);
    if (progress.step === 'setup') return this.showSetup(visit, progress, null);
    return { page: recoveryCodesPage(texts, null), texts };
  }

  async submit(visit: Visit, progress: Progress, form: URLSearchParams): Promise<FactorOutcome> {
    if (form.get('restart') === 'yes') return RESTART;
    if (progress.step === 'codes') {
      // Not the form that has led here, which was sent again.
      if (form.get('continue') !== 'yes') return { answer: await this.show(visit, progress) };
      return this.complete(progress, progress.amr ?? [], false);
    }
    if (progress.step === 'setup') return this.submitSetup(visit, progress, form);
    return this.submitCode(visit, progress, form);
  }

  private async submitCode(visit: Visit, progress: Progress, form: URLSearchParams): Promise<FactorOutcome> {
    const { texts, request } = visit;
    const trustBrowser = this.canTrust && form.get('trust') === 'yes';
    const credential = form.get('credential');
    if (credential) {
      const method = await this.usePasskey(visit, progress.accountId, credential);
      if (method !== null) return this.complete(progress, ['pwd', method, 'mfa'], trustBrowser);
      return { answer: await this.showCode(visit, progress, texts.problems.passkey, { status: 401 }) };
    }
    const code = (form.get('code') ?? '').slice(0, MAX_CODE);
    const audit = auditContextOf(request);
    try {
      const amr = await this.login.verifySecondFactor(progress, audit, () =>
        this.codes.verifyCode(progress, code, requesterOf(request)),
      );
      return await this.complete(progress, amr, trustBrowser);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const problem = retryText(texts, error, texts.problems.overloaded) ?? texts.problems.code;
      return { answer: await this.showCode(visit, progress, problem, answerOf(error)) };
    }
  }

  private async usePasskey(
    visit: Visit,
    accountId: string,
    credential: string,
  ): Promise<AuthenticationMethod | null> {
    const response = readCredential<AuthenticationResponseJSON>(credential);
    const used = response && (await this.passkeys.use(visit.interaction.uid, accountId, response));
    return used?.method ?? null;
  }

  private async showCode(
    visit: Visit,
    progress: Progress,
    problem: string | null,
    answer: Answer = {},
  ): Promise<PageAnswer> {
    const { texts } = visit;
    const hasPasskeys = await this.passkeys.hasSome(progress.accountId);
    return { page: codePage(texts, { problem, hasPasskeys, canTrust: this.canTrust }), texts, ...answer };
  }

  /** The options of `navigator.credentials.create()`. */
  setupOptions(progress: Progress): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.factors.passkeyOptions(ownerOf(progress));
  }

  private async submitSetup(visit: Visit, progress: Progress, form: URLSearchParams): Promise<FactorOutcome> {
    const { texts, interaction, request } = visit;
    const audit = ownAudit(auditContextOf(request), ownerOf(progress));
    const requester = { ...requesterOf(request), audit };
    const credential = form.get('credential');
    try {
      const { recoveryCodes, method } = credential
        ? await this.addPasskey(progress, credential, requester)
        : await this.confirmTotp(progress, form.get('code') ?? '', requester);
      await this.progress.save(interaction.uid, codesStep(progress, method));
      return { answer: { page: recoveryCodesPage(texts, recoveryCodes), texts } };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error;
      if (await this.isRepeated(visit, progress))
        return { answer: { page: recoveryCodesPage(texts, null), texts } };
      if (error.code === 'setup_outdated') return { restart: texts.problems.setupOutdated };
      const problem = credential ? 'passkey' : 'code';
      return { answer: await this.showSetup(visit, progress, problem, { status: error.status }) };
    }
  }

  private addOptions(progress: Progress): AddOptions {
    return { isPasswordCurrent: async (tx) => (await this.progress.complete(progress, [], tx)) !== null };
  }

  /** Whether the same form was sent twice, and the first request has added the factor. Its codes are not shown again. */
  private async isRepeated({ interaction: { uid } }: Visit, progress: Progress): Promise<boolean> {
    const current = await this.progress.find(uid);
    if (current?.step === 'codes') return true;
    // The first request may not have saved that yet. Only this sign-in knows the secret of its app.
    const all = await this.factors.list(progress.accountId);
    if (!all.some(({ id }) => id === progress.factorId)) return false;
    await this.progress.save(uid, codesStep(progress, 'otp'));
    return true;
  }

  private addPasskey(progress: Progress, credential: string, requester: Requester) {
    const response = readCredential<RegistrationResponseJSON>(credential);
    if (response === null) throw invalidPasskey();
    return this.factors.addPasskey(ownerOf(progress), response, requester, this.addOptions(progress));
  }

  private async confirmTotp(progress: Progress, code: string, requester: Requester) {
    const { factorId = '' } = progress;
    const added = await this.factors.confirmTotp(
      ownerOf(progress),
      factorId,
      code.slice(0, MAX_CODE),
      requester,
      this.addOptions(progress),
    );
    return { ...added, method: 'otp' as const };
  }

  private async showSetup(
    visit: Visit,
    progress: Progress,
    problem: SetupProblem | null,
    answer: Answer = {},
  ): Promise<PageAnswer> {
    const { texts, interaction } = visit;
    const enrolment = await this.enrolment(visit, progress);
    return { page: setupPage(texts, { uid: interaction.uid, ...enrolment }, problem), texts, ...answer };
  }

  /** A page that is loaded again shows the same secret. */
  private async enrolment({ interaction }: Visit, progress: Progress): Promise<TotpEnrolment> {
    const owner = ownerOf(progress);
    const { factorId } = progress;
    const waiting = factorId === undefined ? null : await this.factors.findWaitingTotp(owner, factorId);
    if (waiting) return waiting;
    const started = await this.factors.startTotp(owner);
    await this.progress.save(interaction.uid, { ...progress, factorId: started.id });
    return started;
  }

  private async complete(
    progress: Progress,
    amr: readonly AuthenticationMethod[],
    trustBrowser: boolean,
  ): Promise<FactorOutcome> {
    const verified = await this.progress.complete(progress, amr);
    return verified === null ? RESTART : { verified, trustBrowser };
  }
}

const ownerOf = ({ accountId, email }: Progress): FactorOwner => ({ id: accountId, email });

/** The new factor is proved, and its recovery codes are shown. */
const codesStep = (progress: Progress, method: AuthenticationMethod): Progress => ({
  ...progress,
  step: 'codes',
  amr: ['pwd', method, 'mfa'],
});

/** The user is not signed in yet, and acts for themselves. */
const ownAudit = (audit: RequestAudit, { id, email }: { id: string; email: string }): RequestAudit => ({
  ...audit,
  actor: { issuer: NATIVE_ISSUER, sub: id, name: email },
});

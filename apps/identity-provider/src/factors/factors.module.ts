import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { MailModule } from '../mail/mail.module.js';
import { OauthSecrets } from '../oauth/oauth-secrets.js';
import { AccountFactorsService } from './account-factors.service.js';
import { FactorSecrets } from './factor-secrets.js';
import { OwnFactorsService } from './own-factors.service.js';
import { PasskeyChallenges } from './passkey-challenges.js';
import { PasskeyRows } from './passkey-rows.js';
import { Passkeys } from './passkeys.js';
import { RecoveryCodeVerifier } from './recovery-code-verifier.js';
import { RelyingParty } from './relying-party.js';
import { CODE_VERIFIERS, type CodeVerifier, SecondFactors } from './second-factors.js';
import { TotpVerifier } from './totp-verifier.js';
import { TrustedBrowsers } from './trusted-browsers.js';

/** Second factors, for sign-ins and for their routes (`FactorRoutesModule`). */
@Module({
  imports: [AuthorityModule, MailModule],
  providers: [
    ...[OauthSecrets, FactorSecrets, RelyingParty],
    ...[PasskeyRows, PasskeyChallenges, Passkeys],
    ...[TotpVerifier, RecoveryCodeVerifier],
    {
      provide: CODE_VERIFIERS,
      inject: [TotpVerifier, RecoveryCodeVerifier],
      useFactory: (...verifiers: CodeVerifier[]) => verifiers,
    },
    ...[SecondFactors, TrustedBrowsers, OwnFactorsService, AccountFactorsService],
  ],
  exports: [OauthSecrets, SecondFactors, Passkeys, TrustedBrowsers, OwnFactorsService, AccountFactorsService],
})
export class FactorsModule {}

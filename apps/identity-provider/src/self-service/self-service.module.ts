import { Module } from '@nestjs/common';
import { LoginModule } from '../auth/login.module.js';
import { AuthorityModule } from '../authority/authority.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { AccountLinks } from './account-links.js';
import { AddressProof } from './address-proof.js';
import { EmailChangeService } from './email-change.service.js';
import { EmailProofService } from './email-proof.service.js';
import { InvitationsController } from './invitations.controller.js';
import { InvitationsService } from './invitations.service.js';
import { AccountPageLinks } from './pages/account-page-links.js';
import { PasswordStrength } from './pages/password-strength.js';
import { PasswordRecoveryService } from './password-recovery.service.js';
import { RegistrationService } from './registration.service.js';
import { RegistrationGuard, RegistrationPolicy } from './registration-policy.js';
import { RequestLimit } from './request-limit.js';
import { SelfServiceController } from './self-service.controller.js';

/** What users do for themselves: sign up, confirm an address, reset a password, change their email. */
@Module({
  imports: [LoginModule, AuthorityModule, MailModule, PasswordsModule, SessionsModule],
  controllers: [SelfServiceController, InvitationsController],
  providers: [
    ...[
      AccountLinks,
      AddressProof,
      RequestLimit,
      RegistrationPolicy,
      RegistrationGuard,
      AccountPageLinks,
      PasswordStrength,
    ],
    ...[
      RegistrationService,
      EmailProofService,
      PasswordRecoveryService,
      EmailChangeService,
      InvitationsService,
    ],
  ],
  exports: [
    AccountPageLinks,
    PasswordStrength,
    RegistrationPolicy,
    RegistrationService,
    EmailProofService,
    PasswordRecoveryService,
    EmailChangeService,
  ],
})
export class SelfServiceModule {}

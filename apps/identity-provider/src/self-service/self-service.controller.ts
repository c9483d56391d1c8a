import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NativeOnly } from '#libs/auth/access.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { HashCapacityGuard } from '../passwords/hash-capacity.guard.js';
import { CallerAccount, type SessionAccount } from '../sessions/session-account.js';
import { EmailChangeService } from './email-change.service.js';
import { EmailProofService } from './email-proof.service.js';
import { PasswordRecoveryService } from './password-recovery.service.js';
import { RegistrationService } from './registration.service.js';
import { RegistrationGuard } from './registration-policy.js';
import { CurrentRequester, type Requester } from './requester.js';
import {
  EmailChange,
  ForgottenPassword,
  LinkToken,
  PasswordReset,
  Registration,
} from './self-service.dto.js';

const TOO_MANY = 'Too many requests from this address, or for this email.';

@ApiTags('auth')
@Controller('auth')
export class SelfServiceController {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly proofs: EmailProofService,
    private readonly recovery: PasswordRecoveryService,
    private readonly emailChanges: EmailChangeService,
  ) {}

  @Post('register')
  @Public()
  @UseGuards(RegistrationGuard, HashCapacityGuard)
  @ApiOperation({ summary: 'Sign up; the same answer whether or not the email is taken' })
  @Replies(null, {
    status: 202,
    message: 'A mail is on its way to this address.',
    errors: { 403: '`registration_closed`', 429: TOO_MANY },
  })
  async register(@Body() body: Registration, @CurrentRequester() requester: Requester) {
    await this.registrations.register(body, requester);
    return Reply.nothing();
  }

  @Post('verify-email')
  @Public()
  @ApiOperation({ summary: 'Confirm an address with the token of the link that was mailed to it' })
  @Replies(null, { message: 'Email verified.', errors: { 409: 'The email is taken.' } })
  async verifyEmail(@Body() { token }: LinkToken, @CurrentRequester() requester: Requester) {
    await this.proofs.verify(token, requester);
    return Reply.nothing();
  }

  @Post('forgot-password')
  @Public()
  @ApiOperation({ summary: 'Ask for a link that sets a new password; the same answer for every email' })
  @Replies(null, {
    status: 202,
    message: 'If an account has this email, a mail is on its way to it.',
    errors: { 429: TOO_MANY },
  })
  async forgotPassword(@Body() { email }: ForgottenPassword, @CurrentRequester() requester: Requester) {
    await this.recovery.forget(email, requester);
    return Reply.nothing();
  }

  @Post('reset-password')
  @Public()
  @ApiOperation({
    summary: 'Set a new password with the token of a link; all sessions of the account end',
  })
  @Replies(null, { message: 'Password changed.' })
  async resetPassword(@Body() body: PasswordReset, @CurrentRequester() requester: Requester) {
    await this.recovery.reset(body.token, body.new_password, requester);
    return Reply.nothing();
  }

  @Post('email')
  @NativeOnly()
  @ApiOperation({ summary: 'Change your own email; it changes once the new address is confirmed' })
  @Replies(null, {
    status: 202,
    message: 'A mail is on its way to the new address.',
    errors: {
      429: `Too many wrong passwords. ${TOO_MANY}`,
      503: '`mail_unavailable` without `SMTP_URL` in production; or overload.',
    },
  })
  async changeEmail(
    @CallerAccount() account: SessionAccount,
    @Body() change: EmailChange,
    @CurrentRequester() requester: Requester,
  ) {
    await this.emailChanges.request(account, change, requester);
    return Reply.nothing();
  }

  @Post('undo-email')
  @Public()
  @ApiOperation({ summary: 'Undo a change of the email, with the token that was mailed to the old address' })
  @Replies(null, {
    message: 'The old email is restored. Set a new password with the link that was mailed to it.',
    errors: { 409: 'The email is taken.' },
  })
  async undoEmail(@Body() { token }: LinkToken, @CurrentRequester() requester: Requester) {
    await this.emailChanges.undo(token, requester);
    return Reply.nothing();
  }
}

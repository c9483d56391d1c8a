import { Body, Controller, Get, Patch, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { Authenticated, NativeOnly } from '#libs/auth/access.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { CurrentRequester, type Requester } from '../self-service/requester.js';
import { CallerAccount, type SessionAccount } from '../sessions/session-account.js';
import { mapMeReply } from './me-reply.js';
import { MeReply, OwnName, PasswordChange } from './own-account.dto.js';
import { OwnAccountService } from './own-account.service.js';

@ApiTags('auth')
@Controller('auth')
export class OwnAccountController {
  constructor(private readonly ownAccount: OwnAccountService) {}

  @Get('me')
  @Authenticated()
  @ApiOperation({ operationId: 'authMe', summary: 'Who calls, with the rights that hold now' })
  @Replies(MeReply, { message: 'The caller.' })
  me(@Caller() caller: Principal, @CallerAccount() account: SessionAccount | null) {
    return mapMeReply(caller, account);
  }

  @Patch('me')
  @NativeOnly()
  @ApiOperation({ operationId: 'authRename', summary: 'Change your own name' })
  @Replies(MeReply, { message: 'Your name.' })
  async rename(
    @Caller() caller: Principal,
    @CallerAccount() account: SessionAccount,
    @Body() name: OwnName,
    @Audit() audit: RequestAudit,
  ) {
    return mapMeReply(caller, await this.ownAccount.rename(account, name, audit));
  }

  @Post('password')
  @NativeOnly()
  @ApiOperation({
    operationId: 'authChangePassword',
    summary: 'Change your own password; your other sessions end',
  })
  @Replies(null, { message: 'Password changed.', errors: { 429: 'Too many wrong passwords.' } })
  async changePassword(
    @CallerAccount() account: SessionAccount,
    @Body() change: PasswordChange,
    @CurrentRequester() requester: Requester,
  ) {
    await this.ownAccount.changePassword(account, change, requester);
    return Reply.nothing();
  }
}

import { Body, Controller, Get, Patch, Post, Req, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Authenticated, Caller, NativeOnly, Public } from '#libs/auth/access.js';
import { Reply } from '#libs/http/replies/envelope.js';
import { Replies } from '#libs/http/replies/replies.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { HashCapacityGuard } from '../passwords/hash-capacity.guard.js';
import { CallerAccount, type SessionAccount } from '../sessions/session-account.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { IssuedToken, Login, MeReply, OwnName, PasswordChange } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { mapMeReply } from './me-reply.js';
import { OwnAccountService } from './own-account.service.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly ownAccount: OwnAccountService,
    private readonly sessions: SessionsService,
  ) {}

  @Post('login')
  @Public()
  @UseGuards(HashCapacityGuard)
  @ApiOperation({ summary: 'Sign in with email and password' })
  @Replies(IssuedToken, {
    message: 'Token issued.',
    errors: {
      401: 'The email or the password is wrong.',
      403: '`account_disabled`, for the right password alone.',
      429: 'Too many failed logins.',
    },
  })
  login(@Body() { email, password }: Login, @Req() request: FastifyRequest) {
    return this.auth.login(email, password, request.ip);
  }

  @Get('me')
  @Authenticated()
  @ApiOperation({ summary: 'Who calls, with the rights that hold now' })
  @Replies(MeReply, { message: 'The caller.' })
  me(@Caller() caller: Principal, @CallerAccount() account: SessionAccount | null) {
    return mapMeReply(caller, account);
  }

  @Patch('me')
  @NativeOnly()
  @ApiOperation({ summary: 'Change your own name' })
  @Replies(MeReply, { message: 'Your name.' })
  async rename(@Caller() caller: Principal, @CallerAccount() account: SessionAccount, @Body() name: OwnName) {
    return mapMeReply(caller, await this.ownAccount.rename(account, name));
  }

  @Post('password')
  @NativeOnly()
  @ApiOperation({ summary: 'Change your own password; your other sessions end' })
  @Replies(null, { message: 'Password changed.', errors: { 429: 'Too many wrong passwords.' } })
  async changePassword(
    @CallerAccount() account: SessionAccount,
    @Body() change: PasswordChange,
    @Req() request: FastifyRequest,
  ) {
    await this.ownAccount.changePassword(account, change, request.ip);
    return Reply.nothing();
  }

  @Post('logout')
  @NativeOnly()
  @ApiOperation({ summary: 'End this session' })
  @Replies(null, { message: 'Signed out.' })
  async logout(@CallerAccount() { sessionId }: SessionAccount) {
    await this.sessions.end(sessionId);
    return Reply.nothing();
  }
}

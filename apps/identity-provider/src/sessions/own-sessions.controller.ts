import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { NativeOnly } from '#libs/auth/access.js';
import { ListQuery } from '#libs/http/input/list-query.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { AccountSessionsService } from './account-sessions.service.js';
import { CallerAccount, type SessionAccount } from './session-account.js';
import { mapSession, SessionReply } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('auth')
@Controller('auth')
export class OwnSessionsController {
  constructor(
    private readonly ownSessions: AccountSessionsService,
    private readonly sessions: SessionsService,
  ) {}

  @Get('sessions')
  @NativeOnly()
  @ApiOperation({ operationId: 'authSessions', summary: 'List your sessions, newest first' })
  @Replies([SessionReply], { message: 'Your sessions.' })
  async list(
    @CallerAccount() { id, sessionId }: SessionAccount,
    @Query() query: ListQuery,
  ): Promise<Reply<SessionReply[]>> {
    return Reply.page(await this.ownSessions.listOwn(id, query), (one) => mapSession(one, sessionId));
  }

  @Delete('sessions/:id')
  @NativeOnly()
  @ApiOperation({ operationId: 'authEndSession', summary: 'End one of your sessions' })
  @Replies(null, { message: 'Session ended.' })
  async end(
    @CallerAccount() account: SessionAccount,
    @Param('id') id: string,
    @Audit() audit: RequestAudit,
  ): Promise<Reply> {
    await this.ownSessions.endOwn(account.id, id, audit);
    return Reply.nothing();
  }

  @Post('logout')
  @NativeOnly()
  @ApiOperation({ operationId: 'authLogout', summary: 'End this session' })
  @Replies(null, { message: 'Signed out.' })
  async logout(@CallerAccount() { sessionId }: SessionAccount, @Audit() audit: RequestAudit): Promise<Reply> {
    await this.sessions.end(sessionId, { audit, reason: 'logout' });
    return Reply.nothing();
  }

  @Post('logout-all')
  @NativeOnly()
  @ApiOperation({ operationId: 'authLogoutAll', summary: 'End all your sessions, also this one' })
  @Replies(null, { message: 'Signed out everywhere.' })
  async logoutAll(@CallerAccount() { id }: SessionAccount, @Audit() audit: RequestAudit): Promise<Reply> {
    await this.sessions.endAll(id, { audit, reason: 'logout_all' });
    return Reply.nothing();
  }
}

import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { RequirePermission } from '#libs/auth/access.js';
import { ListQuery } from '#libs/http/input/list-query.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { AccountSessionsService } from './account-sessions.service.js';
import { CallerAccount, type SessionAccount } from './session-account.js';
import { mapSession, SessionReply } from './sessions.dto.js';

const EXCEEDS = 'The account has permissions that the caller does not have.';

@ApiTags('accounts')
@Controller('accounts/:id/sessions')
export class AccountSessionsController {
  constructor(private readonly sessions: AccountSessionsService) {}

  @Get()
  @RequirePermission('sessions:read')
  @ApiOperation({ summary: 'List the sessions of an account, newest first' })
  @Replies([SessionReply], { message: 'Sessions.' })
  async list(
    @Param('id') id: string,
    @CallerAccount() account: SessionAccount | null,
    @Query() query: ListQuery,
  ): Promise<Reply<SessionReply[]>> {
    const current = account?.sessionId ?? null;
    return Reply.page(await this.sessions.list(id, query), (one) => mapSession(one, current));
  }

  @Delete()
  @RequirePermission('sessions:delete')
  @ApiOperation({ summary: 'End all sessions of an account' })
  @Replies(null, { message: 'Sessions ended.', errors: { 403: EXCEEDS } })
  async endAll(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Audit() audit: RequestAudit,
  ): Promise<Reply> {
    await this.sessions.endAll(caller, id, audit);
    return Reply.nothing();
  }

  @Delete(':session_id')
  @RequirePermission('sessions:delete')
  @ApiOperation({ summary: 'End a session of an account' })
  @Replies(null, { message: 'Session ended.', errors: { 403: EXCEEDS } })
  async end(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('session_id') sessionId: string,
    @Audit() audit: RequestAudit,
  ): Promise<Reply> {
    await this.sessions.end(caller, id, sessionId, audit);
    return Reply.nothing();
  }
}

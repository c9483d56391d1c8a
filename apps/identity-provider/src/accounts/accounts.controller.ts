import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { RequirePermission } from '#libs/auth/access.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { CurrentRequester, type Requester } from '../self-service/requester.js';
import { type AccountWithRole, versionsOf } from './account-rows.js';
import { AccountListQuery, AccountReply, CreateAccount, mapAccount, UpdateAccount } from './accounts.dto.js';
import { AccountsService } from './accounts.service.js';

const EXCEEDS = 'The change requires permissions that the caller does not have.';
const LAST = 'The account is the last active one with every permission.';
const OWN = `Callers cannot disable their own account here, or change its email or password. ${LAST}`;

@ApiTags('accounts')
@Controller('accounts')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Post()
  @RequirePermission('accounts:create')
  @ApiOperation({ summary: 'Create an account' })
  @Replies(AccountReply, {
    status: 201,
    message: 'Account created.',
    errors: { 403: EXCEEDS, 409: 'The email is taken.' },
  })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateAccount,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<AccountReply>> {
    const created = await this.accounts.create(caller, body, audit);
    return tagged(created).created(created.id);
  }

  @Get()
  @RequirePermission('accounts:read')
  @ApiOperation({ summary: 'List accounts' })
  @Replies([AccountReply], { message: 'Accounts.' })
  async list(@Query() query: AccountListQuery): Promise<Reply<AccountReply[]>> {
    return Reply.page(await this.accounts.list(query), mapped);
  }

  @Get(':id')
  @RequirePermission('accounts:read')
  @ApiOperation({ summary: 'Read an account' })
  @Replies(AccountReply, { message: 'Account.', etag: 'read' })
  async get(@Param('id') id: string): Promise<Reply<AccountReply>> {
    return tagged(await this.accounts.get(id));
  }

  @Patch(':id')
  @RequirePermission('accounts:update')
  @ApiOperation({ summary: 'Change an account; a new password or status `disabled` ends its sessions' })
  @Replies(AccountReply, {
    message: 'Account updated.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: `The email is taken. ${OWN}` },
  })
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: UpdateAccount,
    @IfMatch() precondition: Precondition,
    @CurrentRequester() requester: Requester,
  ): Promise<Reply<AccountReply>> {
    return tagged(await this.accounts.update(caller, id, body, precondition, requester));
  }

  @Delete(':id')
  @RequirePermission('accounts:delete')
  @ApiOperation({ summary: 'Delete an account' })
  @Replies(null, {
    message: 'Account deleted.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: `Callers cannot delete their own account. ${LAST}` },
  })
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<never>> {
    await this.accounts.delete(caller, id, precondition, audit);
    return Reply.nothing();
  }
}

const mapped = (account: AccountWithRole): AccountReply => mapAccount(account, account.role);

const tagged = (account: AccountWithRole): Reply<AccountReply> =>
  Reply.tagged(mapped(account), ...versionsOf(account));

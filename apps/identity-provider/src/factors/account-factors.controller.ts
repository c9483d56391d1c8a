import { Controller, Delete, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '#libs/auth/access.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { CurrentRequester, type Requester } from '../self-service/requester.js';
import { AccountFactorsService } from './account-factors.service.js';
import { FactorReply, mapFactor } from './factors.dto.js';

@ApiTags('accounts')
@Controller('accounts/:id/factors')
export class AccountFactorsController {
  constructor(private readonly factors: AccountFactorsService) {}

  @Get()
  @RequirePermission('accounts:read')
  @ApiOperation({ summary: 'List the second factors of an account' })
  @Replies([FactorReply], { message: 'Factors.', paged: false })
  async list(@Param('id') id: string): Promise<FactorReply[]> {
    return (await this.factors.list(id)).map(mapFactor);
  }

  @Delete()
  @RequirePermission('accounts:update')
  @ApiOperation({ summary: 'Remove all second factors of an account, for a user who has lost them' })
  @Replies(null, {
    message: 'Factors removed.',
    errors: {
      403: 'The account has permissions that the caller does not have.',
      409: 'Callers remove their own factors with DELETE /auth/factors/{id}.',
    },
  })
  async removeAll(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @CurrentRequester() requester: Requester,
  ): Promise<Reply> {
    await this.factors.removeAll(caller, id, requester);
    return Reply.nothing();
  }
}

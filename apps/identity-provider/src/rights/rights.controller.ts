import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '#libs/auth/access.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { AdministratorsService } from './administrators.service.js';
import { ComparisonService } from './comparison.service.js';
import {
  AdministratorListQuery,
  AdministratorReply,
  RightsComparisonReply,
  RightsQuestion,
} from './rights.dto.js';

@ApiTags('rights')
@Controller('rights')
export class RightsController {
  constructor(
    private readonly comparison: ComparisonService,
    private readonly administrators: AdministratorsService,
  ) {}

  @Post('compare')
  @RequirePermission('users:update', 'users:delete')
  @ApiOperation({ summary: "Compare others' permissions with yours" })
  @Replies(RightsComparisonReply, { message: 'Rights compared.' })
  async compare(
    @Caller() caller: Principal,
    @Body() { account_ids = [], realm_roles = [] }: RightsQuestion,
  ): Promise<RightsComparisonReply> {
    return {
      accounts: await this.comparison.compareAccounts(caller, account_ids),
      realm_roles: await this.comparison.compareRealmRoles(caller, realm_roles),
    };
  }

  @Get('administrators')
  @RequirePermission('accounts:read')
  @ApiOperation({ summary: 'List the active accounts with every permission' })
  @Replies([AdministratorReply], { message: 'Administrators.' })
  async listAdministrators(@Query() query: AdministratorListQuery): Promise<Reply<AdministratorReply[]>> {
    return Reply.page(await this.administrators.list(query), ({ id }) => ({ id }));
  }
}

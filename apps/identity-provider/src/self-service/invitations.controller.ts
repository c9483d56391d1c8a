import { Controller, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '#libs/auth/access.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { InvitationsService } from './invitations.service.js';
import { CurrentRequester, type Requester } from './requester.js';

@ApiTags('accounts')
@Controller('accounts/:id/invite')
export class InvitationsController {
  constructor(private readonly invitations: InvitationsService) {}

  @Post()
  @RequirePermission('accounts:create')
  @ApiOperation({ operationId: 'accountsInvite', summary: 'Mail an account a link that sets its password' })
  @Replies(null, {
    status: 202,
    message: 'An invitation is on its way.',
    errors: {
      403: 'The account has permissions that the caller does not have. `invitations_closed`: REGISTRATION is off.',
      409: 'The account is disabled.',
      429: 'The address got five mails within the hour.',
    },
  })
  async invite(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @CurrentRequester() requester: Requester,
  ) {
    await this.invitations.invite(caller, id, requester);
    return Reply.nothing();
  }
}

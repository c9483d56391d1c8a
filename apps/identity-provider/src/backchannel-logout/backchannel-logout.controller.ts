import { Body, Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { AcceptsForm } from '#libs/http/application/form-body.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { describeLogoutError, LogoutErrorReply, LogoutForm } from './backchannel-logout.dto.js';
import { BackchannelLogoutService } from './backchannel-logout.service.js';
import { LogoutErrorFilter } from './logout-error.filter.js';

/** Called by Keycloak, not by clients: OpenID Connect Back-Channel Logout 1.0. Its replies have no envelope. */
@ApiTags('auth')
@ApiExtraModels(LogoutErrorReply)
@Controller('api/v1/auth/backchannel-logout')
@UseFilters(LogoutErrorFilter)
export class BackchannelLogoutController {
  constructor(private readonly logouts: BackchannelLogoutService) {}

  @Post()
  @Public()
  @AcceptsForm()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Ends a Keycloak session (OpenID Connect Back-Channel Logout 1.0)',
    description:
      'Keycloak sends a signed logout token when a user logs out or an administrator ends a session. Its replies have no envelope: the standard defines them.',
  })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: LogoutForm })
  @ApiResponse({ status: 200, description: 'The session has ended. No body.' })
  @ApiResponse(describeLogoutError(400, 'The logout token is not valid, or was used before.'))
  @ApiResponse(describeLogoutError(503, "Keycloak's keys or the database are not available."))
  async logOut(@Body() form: unknown, @Audit() audit: RequestAudit): Promise<string> {
    const tokens = form instanceof URLSearchParams ? form.getAll('logout_token') : [];
    // RFC 6749, section 3.1: parameters must not be repeated.
    await this.logouts.logOut(tokens.length === 1 ? (tokens[0] as string) : null, audit);
    return '';
  }
}

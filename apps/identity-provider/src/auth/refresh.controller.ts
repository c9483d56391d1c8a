import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { unauthorized } from '#libs/http/replies/api-error.js';
import { Replies } from '#libs/http/replies/replies.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { SessionRefresh } from '../sessions/session-refresh.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { IssuedToken, mapIssuedToken, Refresh } from './auth.dto.js';

@ApiTags('auth')
@Controller('auth/refresh')
export class RefreshController {
  constructor(
    private readonly refreshes: SessionRefresh,
    private readonly tokens: TokenIssuer,
  ) {}

  @Post()
  @Public()
  @ApiOperation({ operationId: 'authRefresh', summary: 'Exchange a refresh token for new tokens' })
  @Replies(IssuedToken, {
    message: 'Token refreshed.',
    errors: { 401: 'The refresh token is not valid, or was used already.' },
  })
  async refresh(@Body() { refresh_token }: Refresh, @Audit() audit: RequestAudit): Promise<IssuedToken> {
    // Before the account is read: user-service takes a later token for newer data of the user.
    const issuedAt = Math.floor(Date.now() / 1000);
    const session = await this.refreshes.refresh(refresh_token, null, audit);
    const access = session && (await this.tokens.issue(session, issuedAt));
    if (!session || !access) throw unauthorized('absent');
    return mapIssuedToken(access, session);
  }
}

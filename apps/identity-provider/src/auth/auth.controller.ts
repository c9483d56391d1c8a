import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Replies } from '#libs/http/replies/replies.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { HashCapacityGuard } from '../passwords/hash-capacity.guard.js';
import { CurrentRequester, type Requester } from '../self-service/requester.js';
import { IssuedToken, Login } from './auth.dto.js';
import { LoginService } from './login.service.js';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly logins: LoginService) {}

  @Post('login')
  @Public()
  @UseGuards(HashCapacityGuard)
  @ApiOperation({ summary: 'Sign in with email and password' })
  @Replies(IssuedToken, {
    message: 'Token issued.',
    errors: {
      401: 'The email, the password or the code is wrong. `code_required`, for the right password alone.',
      403: '`account_disabled`, `email_not_verified` or `second_factor_required`, for the right password alone.',
      429: 'Too many failed logins.',
    },
  })
  login(
    @Body() { email, password, code }: Login,
    @CurrentRequester() requester: Requester,
  ): Promise<IssuedToken> {
    return this.logins.login(email, password, code ?? null, requester);
  }
}

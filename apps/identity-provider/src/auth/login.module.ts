import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { LoginThrottleModule } from '../login-throttle/login-throttle.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AuthController } from './auth.controller.js';
import { CurrentPassword } from './current-password.js';
import { LoginService } from './login.service.js';
import { OwnAccountController } from './own-account.controller.js';
import { OwnAccountService } from './own-account.service.js';
import { RefreshController } from './refresh.controller.js';

@Module({
  imports: [
    AuthorityModule,
    TokensModule,
    PasswordsModule,
    SessionsModule,
    FactorsModule,
    LoginThrottleModule,
    MailModule,
  ],
  controllers: [AuthController, RefreshController, OwnAccountController],
  providers: [CurrentPassword, LoginService, OwnAccountService],
  exports: [CurrentPassword, LoginService, LoginThrottleModule, OwnAccountService],
})
export class LoginModule {}

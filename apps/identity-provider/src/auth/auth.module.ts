import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { LoginThrottleStore } from '../login-throttle/login-throttle-store.js';
import { OwnAccountService } from './own-account.service.js';
import { SessionsModule } from '../sessions/sessions.module.js';

@Module({
  imports: [AuthorityModule, TokensModule, PasswordsModule, SessionsModule],
  controllers: [AuthController],
  providers: [AuthService, LoginThrottle, LoginThrottleStore, OwnAccountService],
})
export class NativeAuthModule {}

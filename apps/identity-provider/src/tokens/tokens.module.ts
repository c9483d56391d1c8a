import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { EnvelopedJwksController } from './jwks.controller.js';
import { JwksService } from './jwks.service.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenSigner } from './token-signer.js';

@Module({
  imports: [AuthorityModule, SessionsModule],
  controllers: [EnvelopedJwksController],
  providers: [JwksService, TokenIssuer, TokenSigner],
  exports: [JwksService, TokenIssuer],
})
export class TokensModule {}

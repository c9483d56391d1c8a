import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { EnvelopedJwksController } from './jwks.controller.js';
import { JwksService } from './jwks.service.js';
import { NativeKeysService } from './native-keys.service.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenSigner } from './token-signer.js';
import { WithdrawnKeysService } from './withdrawn-keys.service.js';

@Module({
  imports: [AuthorityModule, SessionsModule],
  controllers: [EnvelopedJwksController],
  providers: [WithdrawnKeysService, NativeKeysService, JwksService, TokenIssuer, TokenSigner],
  exports: [NativeKeysService, JwksService, TokenIssuer, TokenSigner],
})
export class TokensModule {}

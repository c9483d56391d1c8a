import { Module } from '@nestjs/common';
import { EnvelopedJwksController } from './jwks.controller.js';
import { JwksService } from './jwks.service.js';
import { TokenSigner } from './token-signer.js';

@Module({
  controllers: [EnvelopedJwksController],
  providers: [JwksService, TokenSigner],
  exports: [JwksService, TokenSigner],
})
export class TokensModule {}

import { Module } from '@nestjs/common';
import { Jwks } from './jwks.js';
import { EnvelopedJwksController } from './jwks.controller.js';
import { TokenSigner } from './token-signer.js';

@Module({
  controllers: [EnvelopedJwksController],
  providers: [Jwks, TokenSigner],
  exports: [Jwks, TokenSigner],
})
export class TokensModule {}

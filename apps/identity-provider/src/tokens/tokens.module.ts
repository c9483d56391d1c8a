import { Module } from '@nestjs/common';
import { EnvelopedJwksController } from './jwks.controller.js';
import { JwksService } from './jwks.service.js';
import { NativeKeysService } from './native-keys.service.js';
import { TokenSigner } from './token-signer.js';
import { WithdrawnKeysService } from './withdrawn-keys.service.js';

@Module({
  controllers: [EnvelopedJwksController],
  providers: [WithdrawnKeysService, NativeKeysService, JwksService, TokenSigner],
  exports: [NativeKeysService, JwksService, TokenSigner],
})
export class TokensModule {}

import { Module } from '@nestjs/common';
import { EndedTokensService } from './ended-tokens.service.js';

@Module({ providers: [EndedTokensService], exports: [EndedTokensService] })
export class EndedTokensModule {}

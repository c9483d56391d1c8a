import { Module } from '@nestjs/common';
import { CallerAuthority } from './caller-authority.js';
import { IdentityProviderClient } from './identity-provider.client.js';
import { RightsClient } from './rights.client.js';

@Module({
  providers: [CallerAuthority, IdentityProviderClient, RightsClient],
  exports: [CallerAuthority, IdentityProviderClient, RightsClient],
})
export class RightsModule {}

import { Module } from '@nestjs/common';
import { IdentityProviderClient } from './identity-provider.client.js';
import { RightsClient } from './rights.client.js';

@Module({
  providers: [IdentityProviderClient, RightsClient],
  exports: [IdentityProviderClient, RightsClient],
})
export class RightsModule {}

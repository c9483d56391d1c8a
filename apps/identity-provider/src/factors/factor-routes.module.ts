import { Module } from '@nestjs/common';
import { LoginModule } from '../auth/login.module.js';
import { AccountFactorsController } from './account-factors.controller.js';
import { FactorsModule } from './factors.module.js';
import { OwnFactorsController } from './own-factors.controller.js';

@Module({
  imports: [FactorsModule, LoginModule],
  controllers: [OwnFactorsController, AccountFactorsController],
})
export class FactorRoutesModule {}

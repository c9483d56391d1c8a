import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ExclusiveTransactions } from '#libs/database/queries/exclusive-transactions.js';
import { AUTHORITY_TRANSACTIONS, AuthorityService } from './authority.service.js';
import { RightsService } from './rights.service.js';

/** Reads rights, and changes them. */
@Module({
  providers: [
    {
      provide: AUTHORITY_TRANSACTIONS,
      inject: [DataSource],
      useFactory: (database: DataSource) => new ExclusiveTransactions(database, 'identity.authority'),
    },
    AuthorityService,
    RightsService,
  ],
  exports: [AuthorityService, RightsService],
})
export class AuthorityModule {}

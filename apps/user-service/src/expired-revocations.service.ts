import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import { expiredRowsTask } from '#libs/background/expired-rows.js';

/** Deletes revocations whose last token has expired. */
@Injectable()
export class ExpiredRevocationsService implements OnModuleInit {
  constructor(
    private readonly database: DataSource,
    private readonly background: BackgroundRunner,
  ) {}

  onModuleInit(): void {
    const rows = { table: 'users.revocations', key: 'issuer, kind, id' };
    this.background.add(expiredRowsTask('expired-revocations', this.database, rows));
  }
}

import { Module } from '@nestjs/common';
import { HashQueue } from './hash-queue.js';
import { PasswordHasher } from './password-hasher.js';

/** Asks the application for `BCRYPT_COST`. */
@Module({
  providers: [{ provide: HashQueue, useFactory: () => new HashQueue() }, PasswordHasher],
  exports: [HashQueue, PasswordHasher],
})
export class PasswordsModule {}

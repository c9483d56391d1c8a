import { Module } from '@nestjs/common';
import { HashQueue } from './hash-queue.js';
import { BCRYPT_COST, PasswordHasher } from './password-hasher.js';

/** On a machine of 2026; the queue measures its own from the first hash on. */
const ROUND_SECONDS = 60e-6;

/** Asks the application for `BCRYPT_COST`. */
@Module({
  providers: [
    {
      provide: HashQueue,
      inject: [BCRYPT_COST],
      useFactory: (cost: number) => new HashQueue({ hashSeconds: ROUND_SECONDS * 2 ** cost }),
    },
    PasswordHasher,
  ],
  exports: [HashQueue, PasswordHasher],
})
export class PasswordsModule {}

import { Module } from '@nestjs/common';
import { watchHashQueue } from './hash-metrics.js';
import { hashParallelism } from './hash-parallelism.js';
import { HashQueue } from './hash-queue.js';
import { BCRYPT_COST, PasswordHasher } from './password-hasher.js';

/** On a machine of 2026; the queue measures its own from the first hash on. */
const ROUND_SECONDS = 60e-6;

/** How many processes share this machine's cores; one unless told. */
export const WORKERS = Symbol('WORKERS');

/** Asks the application for `BCRYPT_COST`, and for `WORKERS` where there are several. */
@Module({
  providers: [
    {
      provide: HashQueue,
      inject: [BCRYPT_COST, { token: WORKERS, optional: true }],
      useFactory: (cost: number, workers = 1) =>
        watchHashQueue(
          new HashQueue({
            parallelism: Math.max(1, Math.floor(hashParallelism() / workers)),
            hashSeconds: ROUND_SECONDS * 2 ** cost,
          }),
        ),
    },
    PasswordHasher,
  ],
  exports: [HashQueue, PasswordHasher],
})
export class PasswordsModule {}

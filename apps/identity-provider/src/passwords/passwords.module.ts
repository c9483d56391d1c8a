import { Module } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { BreachedPasswords } from './breached-passwords.js';
import { watchHashQueue } from './hash-metrics.js';
import { hashParallelism } from './hash-parallelism.js';
import { HashQueue } from './hash-queue.js';
import { PasswordHasher } from './password-hasher.js';

/** Duration of a bcrypt round on a machine of 2026; an initial value until the queue has measured hashes. */
const ROUND_SECONDS = 60e-6;

@Module({
  providers: [
    {
      provide: HashQueue,
      inject: [SETTINGS],
      useFactory: ({ bcryptCost, workers = 1 }: IdentityProviderSettings) =>
        watchHashQueue(
          new HashQueue({
            parallelism: Math.max(1, Math.floor(hashParallelism() / workers)),
            hashSeconds: ROUND_SECONDS * 2 ** bcryptCost,
          }),
        ),
    },
    PasswordHasher,
    BreachedPasswords,
  ],
  exports: [HashQueue, PasswordHasher, BreachedPasswords],
})
export class PasswordsModule {}

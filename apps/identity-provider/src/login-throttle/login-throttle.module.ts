import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { LoginThrottle, LoginThrottleStore } from './login-throttle.js';
import { PostgresCounters } from './postgres-counters.js';
import { RedisCounters } from './redis-counters.js';
import { PostgresThrottleStore, RedisThrottleStore } from './throttle-stores.js';

/** `LoginThrottle`, which counts in Redis if `REDIS_URL` is set. */
@Module({
  providers: [
    LoginThrottle,
    {
      provide: LoginThrottleStore,
      inject: [SETTINGS, DataSource],
      useFactory: ({ redisUrl }: IdentityProviderSettings, database: DataSource): LoginThrottleStore => {
        const postgres = new PostgresCounters(database);
        return redisUrl === null
          ? new PostgresThrottleStore(postgres)
          : new RedisThrottleStore(new RedisCounters(postgres, redisUrl), postgres);
      },
    },
  ],
  exports: [LoginThrottle],
})
export class LoginThrottleModule {}

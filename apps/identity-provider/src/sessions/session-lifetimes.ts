import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';

/** When sessions and their access tokens end. */
@Injectable()
export class SessionLifetimes {
  /** How long an access token lives at most. */
  readonly accessTokenSeconds: number;
  /** Null: there are no refresh tokens, and a session ends with its access token. */
  readonly refreshTokenSeconds: number | null;
  readonly maxSeconds: number;

  constructor(
    @Inject(SETTINGS) { signing, sessions }: Pick<IdentityProviderSettings, 'signing' | 'sessions'>,
  ) {
    this.accessTokenSeconds = sessions.accessTokenSeconds ?? signing.lifetimeSeconds;
    this.refreshTokenSeconds = sessions.refreshTokenSeconds;
    this.maxSeconds = sessions.maxSeconds;
  }

  get isRefreshable(): boolean {
    return this.refreshTokenSeconds !== null;
  }

  /** The end of a session that begins at `time`. @param time seconds since the epoch */
  endOfSession(time: number): Date {
    const seconds = Math.min(this.refreshTokenSeconds ?? this.accessTokenSeconds, this.maxSeconds);
    return new Date((time + seconds) * 1000);
  }

  /** The end of an access token, in seconds since the epoch: no later than the end of its session. */
  endOfAccessToken(issuedAt: number, sessionEnd: Date): number {
    return Math.min(issuedAt + this.accessTokenSeconds, Math.floor(sessionEnd.getTime() / 1000));
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';

const DAY = 24 * 60 * 60;
/** Where `ACCESS_TOKEN_MINUTES` is unset. */
const ACCESS_TOKEN_SECONDS = 15 * 60;
/** Where `REFRESH_TOKEN_DAYS` is unset: OAuth clients always get refresh tokens if they are registered for them. */
const REFRESH_TOKEN_SECONDS = 30 * DAY;

/** In seconds. */
export const AUTHORIZATION_CODE_SECONDS = 60;
export const DEVICE_CODE_SECONDS = 10 * 60;
/** From the start of a sign-in to the answer of its last page. */
export const INTERACTION_SECONDS = 30 * 60;
/** A refresh token that was used may be repeated for this time, and gives the same successor (two tabs, a lost answer). */
export const REFRESH_REPEAT_SECONDS = 20;

/** How long sign-ins and tokens of the OpenID Provider live, in seconds. */
@Injectable()
export class OauthLifetimes {
  /** Never longer than verifiers accept. */
  readonly accessToken: number;
  /** A sign-in ends this long after its last use, and so does a refresh token … */
  readonly idle: number;
  /** … and in any case this long after it began. */
  readonly max: number;

  constructor(
    @Inject(SETTINGS) { signing, sessions }: Pick<IdentityProviderSettings, 'signing' | 'sessions'>,
  ) {
    const wanted = sessions.accessTokenSeconds ?? Math.min(ACCESS_TOKEN_SECONDS, signing.lifetimeSeconds);
    this.accessToken = Math.max(1, Math.floor(wanted));
    this.max = sessions.maxSeconds;
    this.idle = Math.min(sessions.refreshTokenSeconds ?? REFRESH_TOKEN_SECONDS, this.max);
  }
}

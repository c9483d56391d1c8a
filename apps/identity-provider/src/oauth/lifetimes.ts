const DAY = 24 * 60 * 60;

/** In seconds. Access tokens also end with their session, and refresh tokens and grants always do. */
export const LIFETIMES = {
  accessToken: 15 * 60,
  authorizationCode: 60,
  deviceCode: 10 * 60,
  /** From the start of a sign-in to the answer of its last page. */
  interaction: 30 * 60,
  pushedRequest: 60,
  /** A sign-in ends this long after its last use … */
  signInIdle: 30 * DAY,
  /** … and in any case this long after it began. */
  signInMax: 90 * DAY,
} as const;

/** A refresh token that was used may be repeated for this time, and gives the same successor (two tabs, a lost answer). */
export const REFRESH_REPEAT_SECONDS = 20;

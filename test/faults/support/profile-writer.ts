import { isSuccess, type Outcome, send } from './request.js';

/** A user who writes 1, 2, 3 … to their own profile. It records the last acknowledged value. */
export class ProfileWriter {
  private sent = 0;
  private acknowledged = 0;

  constructor(readonly token: string) {}

  /** @param userService its URL */
  next(userService: string) {
    this.sent += 1;
    return {
      name: 'PUT /users/me',
      method: 'PUT',
      url: `${userService}/users/me`,
      token: this.token,
      body: { settings: { written: this.sent } },
    };
  }

  /** Must be called after each call, in order. */
  onOutcome(outcome: Outcome): void {
    if (isSuccess(outcome)) this.acknowledged = this.sent;
  }

  get acknowledgements(): number {
    return this.acknowledged;
  }

  /** The number of lost acknowledged writes: 0 unless the stored value is older than the last acknowledged one. */
  async lost(userService: string): Promise<number> {
    const answer = await send({
      name: 'GET /users/me',
      url: `${userService}/users/me`,
      token: this.token,
    });
    if (!isSuccess(answer)) throw new Error(`GET /users/me: ${answer.status ?? answer.error}`);
    const stored: number = answer.body.data.settings.written ?? 0;
    return Math.max(0, this.acknowledged - stored);
  }
}

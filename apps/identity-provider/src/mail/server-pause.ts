const FIRST_MS = 1_000;
const MAX_MS = 60_000;

/**
 * Spares a mail server that is away, and the mails that it would only fail: after a failure this replica waits, twice as
 * long each time, and then tries a single mail.
 */
export class ServerPause {
  private until = 0;
  private lengthMs = 0;

  /** How many mails may be tried now. @param running attempts */
  allowance(running: number): number {
    if (this.lengthMs === 0) return Number.POSITIVE_INFINITY;
    return performance.now() >= this.until && running === 0 ? 1 : 0;
  }

  /** The server failed. Attempts that ran at the same time count once. */
  extend(): void {
    if (performance.now() < this.until) return;
    this.lengthMs = Math.min(Math.max(this.lengthMs * 2, FIRST_MS), MAX_MS);
    this.until = performance.now() + this.lengthMs;
  }

  /** The server answered. */
  end(): void {
    this.lengthMs = 0;
    this.until = 0;
  }
}

import { isClientRefused } from './keycloak-errors.js';

/** So long (ms) a good standing is believed without asking again. */
const GOOD_FOR = 30_000;

/** Whether Keycloak accepts the service's own client, and lets it change users: for health reports. */
export class ServiceClientHealth {
  private isRefused = false;
  private askAfter = 0;
  private asking: Promise<void> | null = null;

  /** @param ask rejects where Keycloak refuses the client, or is away */
  constructor(private readonly ask: () => Promise<void>) {}

  /** Notes that a call was refused. */
  noteRefusal(): void {
    this.isRefused = true;
    this.askAfter = 0;
  }

  /**
   * Waits for Keycloak's answer only where the last one was a refusal: a report is not held up otherwise.
   * @throws Error while Keycloak refuses the client
   */
  async require(): Promise<void> {
    if (performance.now() >= this.askAfter) {
      this.asking ??= this.renew().finally(() => {
        this.asking = null;
      });
    }
    if (this.isRefused) await this.asking;
    if (this.isRefused) throw new Error("Keycloak refuses the service's client.");
  }

  private async renew(): Promise<void> {
    try {
      await this.ask();
      this.isRefused = false;
      this.askAfter = performance.now() + GOOD_FOR;
    } catch (error) {
      this.isRefused ||= isClientRefused(error);
    }
  }
}

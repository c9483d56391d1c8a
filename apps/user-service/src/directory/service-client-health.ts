import { isClientRefused } from './keycloak-errors.js';

/** How long a good result is kept before Keycloak is asked again. */
const KEEP_RESULT_MS = 30_000;

/** For health reports: whether Keycloak accepts the service's own client and lets it change users. */
export class ServiceClientHealth {
  private isRefused = false;
  private checkAfter = 0;
  private checking: Promise<void> | null = null;

  /** @param check rejects where Keycloak refuses the client or is not available */
  constructor(private readonly check: () => Promise<void>) {}

  /** Notes that a call was refused. */
  noteRefusal(): void {
    this.isRefused = true;
    this.checkAfter = 0;
  }

  /**
   * Waits for Keycloak's answer only after a refusal, so that reports are fast otherwise.
   * @throws Error while Keycloak refuses the client
   */
  async assertAccepted(): Promise<void> {
    if (performance.now() >= this.checkAfter) {
      this.checking ??= this.update().finally(() => {
        this.checking = null;
      });
    }
    if (this.isRefused) await this.checking;
    if (this.isRefused) throw new Error("Keycloak refuses the service's client.");
  }

  private async update(): Promise<void> {
    try {
      await this.check();
      this.isRefused = false;
      this.checkAfter = performance.now() + KEEP_RESULT_MS;
    } catch (error) {
      this.isRefused ||= isClientRefused(error);
    }
  }
}

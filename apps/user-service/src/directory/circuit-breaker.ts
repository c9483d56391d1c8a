export interface CircuitOptions {
  /** So many failures in a row open it. */
  failures: number;
  /** So long (ms) after the last failure one call may try again. */
  retryAfter: number;
  /** Which errors are failures of the other side; with any other error it has answered. */
  isFailure: (error: unknown) => boolean;
  onChange: (isOpen: boolean) => void;
}

/** A call that was not made. */
class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
}

/** Refuses calls at once while the other side is away, but for one now and then that tries. Its clock is monotonic. */
export class CircuitBreaker {
  private failures = 0;
  private retryAt = 0;
  private isTrying = false;
  private lastFailure: unknown;

  constructor(private readonly options: CircuitOptions) {}

  /** @throws CircuitOpen, whose cause is the last failure, and whatever the call throws */
  async execute<T>(call: () => Promise<T>): Promise<T> {
    const isTrial = this.isOpen;
    if (isTrial && (this.isTrying || performance.now() < this.retryAt)) {
      throw new CircuitOpen('Refused: the last calls failed.', { cause: this.lastFailure });
    }
    this.isTrying = isTrial;
    try {
      const result = await call();
      this.count(0);
      return result;
    } catch (error) {
      const isFailure = this.options.isFailure(error);
      this.count(isFailure ? this.failures + 1 : 0);
      if (isFailure) this.lastFailure = error;
      throw error;
    } finally {
      if (isTrial) this.isTrying = false;
    }
  }

  private get isOpen(): boolean {
    return this.failures >= this.options.failures;
  }

  private count(failures: number): void {
    const wasOpen = this.isOpen;
    this.failures = failures;
    if (failures > 0) this.retryAt = performance.now() + this.options.retryAfter;
    if (this.isOpen !== wasOpen) this.options.onChange(this.isOpen);
  }
}

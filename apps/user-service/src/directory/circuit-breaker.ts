export interface CircuitOptions {
  /** How many failures in a row open the circuit. */
  failures: number;
  /** How long after the last failure one call may try again. */
  retryAfterMs: number;
  /** Whether an error is a failure of the other side; otherwise the error is its answer. */
  isFailure: (error: unknown) => boolean;
  onChange: (isOpen: boolean) => void;
}

class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
}

/**
 * After several failures in a row calls are refused at once, except that one call may try again from time to time. The
 * clock is monotonic.
 */
export class CircuitBreaker {
  private failures = 0;
  private retryAt = 0;
  private isTrying = false;
  private lastFailure: unknown;

  constructor(private readonly options: CircuitOptions) {}

  /** @throws CircuitOpen, whose cause is the last failure; the call's own error */
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
    if (failures > 0) this.retryAt = performance.now() + this.options.retryAfterMs;
    if (this.isOpen !== wasOpen) this.options.onChange(this.isOpen);
  }
}

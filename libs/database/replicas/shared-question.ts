/**
 * Asks once for all callers that wait at the same time. A question that is already under way is not shared: its answer may
 * be older than the call.
 */
export class SharedQuestion<T> {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<T> | null = null;

  constructor(private readonly question: () => Promise<T>) {}

  /** @returns an answer that was found after this call */
  ask(): Promise<T> {
    this.next ??= this.running.then(() => {
      this.next = null;
      const asked = this.question();
      this.running = asked.catch(() => {});
      return asked;
    });
    return this.next;
  }
}

type Close = () => Promise<void>;

/** What has to be closed again, the last opened first. */
export class DisposableStack {
  private readonly stack: Close[] = [];
  private isClosed = false;

  /** What is opened too late, after `close`, is closed at once. */
  async add(close: Close): Promise<void> {
    if (this.isClosed) await close();
    else this.stack.push(close);
  }

  /** Closes everything, also where some of it fails; throws the first failure. */
  async close(): Promise<void> {
    this.isClosed = true;
    const failures: unknown[] = [];
    for (let next = this.stack.pop(); next; next = this.stack.pop()) {
      await next().catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

type Close = () => Promise<void>;

/** Resources to close, in reverse order of opening. */
export class DisposableStack {
  private readonly stack: Close[] = [];
  private isClosed = false;

  /** After `close`, the resource is closed immediately. */
  async add(close: Close): Promise<void> {
    if (this.isClosed) await close();
    else this.stack.push(close);
  }

  /** Closes everything, even if some of it fails. Throws the first error. */
  async close(): Promise<void> {
    this.isClosed = true;
    const errors: unknown[] = [];
    for (let next = this.stack.pop(); next; next = this.stack.pop()) {
      await next().catch((error) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}

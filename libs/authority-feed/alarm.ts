/** Ends a wait early. A ring before the wait counts too, until `reset()`. */
export class Alarm {
  private isRung = false;
  private wake = () => {};

  ring(): void {
    this.isRung = true;
    this.wake();
  }

  reset(): void {
    this.isRung = false;
  }

  /** @param timeoutMs the wait ends then in any case */
  async wait(timeoutMs: number): Promise<void> {
    if (this.isRung) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}

const MAX_NAMES = 10_000;

/** Names of values that must be removed before they count again. With too many of them, all values count as outdated. */
export class OutdatedNames {
  private readonly names = new Set<string>();
  private isEverything = false;

  add(names: readonly string[]): void {
    for (const name of names) this.names.add(name);
    if (this.names.size <= MAX_NAMES) return;
    this.isEverything = true;
    this.names.clear();
  }

  /**
   * Removes until nothing is outdated, with what is added meanwhile. What could not be removed stays outdated.
   * @param all pages of all names there are
   */
  async removeAll(
    remove: (names: string[]) => Promise<unknown>,
    all: () => AsyncIterable<string[]>,
  ): Promise<void> {
    while (this.isEverything || this.names.size > 0) {
      const names = [...this.names];
      const wasEverything = this.isEverything;
      this.names.clear();
      this.isEverything = false;
      try {
        if (names.length > 0) await remove(names);
        if (wasEverything) for await (const page of all()) if (page.length > 0) await remove(page);
      } catch (error) {
        this.add(names);
        this.isEverything ||= wasEverything;
        throw error;
      }
    }
  }
}

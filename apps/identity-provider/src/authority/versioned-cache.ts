/** The maximum number of entries, far above the number of roles in an installation. */
const CAPACITY = 10_000;

interface Versioned<T> {
  /** Compared for equality only: after a restore the version can be lower. */
  version: string;
  value: T;
}

/**
 * Caches one value per key for one version of its source. Concurrent calls with the same key and version share one
 * look-up. A call never joins a look-up that began with another version, because that one may read an old value.
 */
export class VersionedCache<T> {
  private readonly entries = new Map<string, Versioned<T> & { sequence: number }>();
  private readonly pending = new Map<string, Promise<T>>();
  private lookUps = 0;

  constructor(private readonly capacity = CAPACITY) {}

  /** @param load reads the value and its version in one snapshot */
  async get(key: string, version: string, load: () => Promise<Versioned<T>>): Promise<T> {
    const cached = this.entries.get(key);
    if (cached?.version === version) return cached.value;
    const lookUp = `${version} ${key}`;
    const pending = this.pending.get(lookUp);
    if (pending) return pending;
    const loading = this.load(key, load).finally(() => this.pending.delete(lookUp));
    this.pending.set(lookUp, loading);
    return loading;
  }

  private async load(key: string, load: () => Promise<Versioned<T>>): Promise<T> {
    this.lookUps += 1;
    const sequence = this.lookUps;
    const loaded = await load();
    const cached = this.entries.get(key);
    // A look-up that began later, and so read newer data, may have ended first.
    if (cached && cached.sequence > sequence) return loaded.value;
    this.entries.delete(key);
    this.entries.set(key, { ...loaded, sequence });
    if (this.entries.size > this.capacity) this.deleteOldest();
    return loaded.value;
  }

  private deleteOldest(): void {
    for (const key of this.entries.keys()) {
      this.entries.delete(key);
      return;
    }
  }
}

/** How many answers are remembered at most: far more than an installation has roles. */
const CAPACITY = 10_000;

interface Answer<T> {
  /** Compared for equality alone: a restored database may go back to an older one. */
  version: string;
  value: T;
}

/**
 * Remembers one answer for each key while the version of what it was read from holds. Those who ask for the same
 * key and version at once share one look-up; one that began under an older version is never joined, since it may
 * have read what was true before.
 */
export class VersionedCache<T> {
  private readonly answers = new Map<string, Answer<T> & { startedAs: number }>();
  private readonly pending = new Map<string, Promise<T>>();
  private started = 0;

  constructor(private readonly capacity = CAPACITY) {}

  /** @param load reads the value, and in the same snapshot the version that it belongs to */
  async get(key: string, version: string, load: () => Promise<Answer<T>>): Promise<T> {
    const known = this.answers.get(key);
    if (known?.version === version) return known.value;
    const asked = `${version} ${key}`;
    const pending = this.pending.get(asked);
    if (pending) return pending;
    const loading = this.load(key, load).finally(() => this.pending.delete(asked));
    this.pending.set(asked, loading);
    return loading;
  }

  private async load(key: string, load: () => Promise<Answer<T>>): Promise<T> {
    this.started += 1;
    const startedAs = this.started;
    const answer = await load();
    const known = this.answers.get(key);
    // A slower look-up may end after one that began later and read something newer.
    if (known && known.startedAs > startedAs) return answer.value;
    this.answers.delete(key);
    this.answers.set(key, { ...answer, startedAs });
    if (this.answers.size > this.capacity) this.forgetOldest();
    return answer.value;
  }

  private forgetOldest(): void {
    for (const key of this.answers.keys()) {
      this.answers.delete(key);
      return;
    }
  }
}

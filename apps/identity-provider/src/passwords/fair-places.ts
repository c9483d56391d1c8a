import { networkOf } from '#libs/http/application/client-address.js';

/** A client that requests a place. */
export interface HashClient {
  /** The network that counts as one client address. */
  network: string;
  /** The email of a login, or the administrator who sets a password; null if not yet known. */
  account: string | null;
}

/** @param address the normalized client address */
export const hashClient = (address: string, account: string | null): HashClient => ({
  network: networkOf(address),
  account,
});

/** The places of one network, one account, or one account in one network. */
interface Share {
  places: number;
  /** Number of its most recent turn. */
  lastTurn: number;
}

/** A place in the queue: held by a client, then ready, then started; or refused before it started. */
export class Place {
  state: 'held' | 'ready' | 'started' | 'refused' = 'held';
  start = (): void => {};
  refuse = (): void => {};
  /** The place is refused if it has not started by this turn. */
  overdueAt = 0;

  constructor(
    readonly client: HashClient,
    readonly network: Share,
    readonly account: Share,
    readonly pair: Share,
    /** The number of other turns that the place may wait for. */
    readonly maxTurns: number,
  ) {}

  /** True if the place can still be given to another client. */
  get isWaiting(): boolean {
    return this.state === 'held' || this.state === 'ready';
  }
}

/**
 * Shares places between client addresses and, within an address, between accounts. Turns are round robin. If all
 * places are taken, the largest share loses its newest place (McKenney, "Stochastic Fairness Queueing", 1990).
 * Methods iterate over all places; there are some tens, as many hashes as fit into two seconds.
 */
export class FairPlaces {
  /** In the order of arrival. */
  private readonly places = new Set<Place>();
  private readonly shares = new Map<string, Share>();
  private turn = 0;

  get size(): number {
    return this.places.size;
  }

  add(client: HashClient, maxTurns: number): Place {
    const [network, account, pair] = keysOf(client).map((key) => this.take(key)) as [Share, Share, Share];
    const place = new Place(client, network, account, pair, maxTurns);
    this.places.add(place);
    return place;
  }

  makeReady(place: Place): void {
    place.state = 'ready';
    place.overdueAt = this.turn + place.maxTurns;
  }

  /** Does nothing if the place was already removed. */
  remove(place: Place): void {
    if (!this.places.delete(place)) return;
    for (const key of keysOf(place.client)) {
      const share = this.shares.get(key) as Share;
      share.places -= 1;
      if (share.places === 0) this.shares.delete(key);
    }
  }

  /** Starts the ready place whose network, then whose account in it, has had no turn for the longest time. */
  startNext(): boolean {
    let next: Place | null = null;
    for (const place of this.places) {
      if (place.state === 'ready' && (!next || isBefore(place, next))) next = place;
    }
    if (!next) return false;
    this.turn += 1;
    next.network.lastTurn = next.pair.lastTurn = this.turn;
    next.state = 'started';
    next.start();
    return true;
  }

  /** Returns the places that were overtaken for so long that their clients have probably disconnected. */
  overdue(): Place[] {
    return [...this.places].filter(({ state, overdueAt }) => state === 'ready' && this.turn >= overdueAt);
  }

  /**
   * Returns the place that a new client replaces if all places are taken: the newest one of the largest share.
   * @param ahead the number of earlier requests of this client that hold no place yet
   * @param quarter a network with this many places takes no place of another network because of a busier account there
   * @returns null if no share is larger than the client's would become
   */
  victimFor(client: HashClient, ahead: number, quarter: number): Place | null {
    const [network, account, pair] = keysOf(client).map(
      (key) => ahead + (this.shares.get(key)?.places ?? 0),
    ) as [number, number, number];
    const mayGo = (place: Place): boolean => {
      const isAccountBusier = place.account.places > account + 1;
      return place.client.network === client.network
        ? isAccountBusier || place.pair.places > pair + 1
        : (isAccountBusier && network < quarter) || place.network.places > network + 1;
    };
    let victim: Place | null = null;
    for (const place of this.places) {
      if (place.isWaiting && mayGo(place) && (!victim || !isLonger(victim, place))) victim = place;
    }
    return victim;
  }

  private take(key: string): Share {
    // A new share comes after all shares that have waited longer, and before the one that had the last turn.
    const share = this.shares.get(key) ?? { places: 0, lastTurn: this.turn - 1 };
    share.places += 1;
    this.shares.set(key, share);
    return share;
  }
}

/** JSON separates the parts unambiguously. */
const keysOf = ({ network, account }: HashClient): string[] =>
  [
    ['network', network],
    ['account', account],
    ['pair', network, account],
  ].map((parts) => JSON.stringify(parts));

const isBefore = (a: Place, b: Place): boolean =>
  (a.network.lastTurn - b.network.lastTurn || a.pair.lastTurn - b.pair.lastTurn) < 0;

const isLonger = (a: Place, b: Place): boolean =>
  (a.network.places - b.network.places ||
    a.pair.places - b.pair.places ||
    a.account.places - b.account.places) > 0;

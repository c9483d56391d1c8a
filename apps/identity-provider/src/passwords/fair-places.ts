import { networkOf } from '#libs/http/application/client-address.js';

/** Who asks for a place. */
export interface HashClient {
  /** What counts as one client address. */
  network: string;
  /** The email that signs in, or the administrator who sets a password; null where it is not known yet. */
  account: string | null;
}

/** @param address the client's, normalized */
export const hashClient = (address: string, account: string | null): HashClient => ({
  network: networkOf(address),
  account,
});

/** What one network, one account, or one account in one network has of the places. */
interface Share {
  places: number;
  /** The turn that it had last. */
  lastTurn: number;
}

/** A place: held by a client, then ready for its turn, at last started; or refused before it could start. */
export class Place {
  state: 'held' | 'ready' | 'started' | 'refused' = 'held';
  start = (): void => {};
  refuse = (): void => {};
  /** When this turn has come and its own has not, it has waited too long. */
  overdueAt = 0;

  constructor(
    readonly client: HashClient,
    readonly network: Share,
    readonly account: Share,
    readonly pair: Share,
    /** How many turns of others it waits for. */
    readonly patience: number,
  ) {}

  /** Whether it can still be given to another client. */
  get isWaiting(): boolean {
    return this.state === 'held' || this.state === 'ready';
  }
}

/**
 * Shares places between client addresses and, within one, between accounts: round robin for turns, and where all
 * places are taken, the longest share gives up its newest place (McKenney, "Stochastic Fairness Queueing", 1990).
 * All methods look at every place, of which there are some tens: as many hashes as fit into two seconds.
 */
export class FairPlaces {
  /** In the order in which they were taken. */
  private readonly places = new Set<Place>();
  private readonly shares = new Map<string, Share>();
  private turn = 0;

  get size(): number {
    return this.places.size;
  }

  add(client: HashClient, patience: number): Place {
    const [network, account, pair] = keysOf(client).map((key) => this.take(key)) as [Share, Share, Share];
    const place = new Place(client, network, account, pair, patience);
    this.places.add(place);
    return place;
  }

  makeReady(place: Place): void {
    place.state = 'ready';
    place.overdueAt = this.turn + place.patience;
  }

  /** Does nothing where it is gone already. */
  remove(place: Place): void {
    if (!this.places.delete(place)) return;
    for (const key of keysOf(place.client)) {
      const share = this.shares.get(key) as Share;
      share.places -= 1;
      if (share.places === 0) this.shares.delete(key);
    }
  }

  /** Starts the ready place whose network, and then whose account there, has waited longest since its last turn. */
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

  /** Those that were overtaken for so long that their clients have probably gone. */
  overdue(): Place[] {
    return [...this.places].filter(({ state, overdueAt }) => state === 'ready' && this.turn >= overdueAt);
  }

  /**
   * The place that has to go where one more client asks and all are taken: of the longest share the newest.
   * @param ahead others of this client that will come before it and hold no place yet
   * @param quarter a network with so many places gets no more from others because an account of theirs has many
   * @returns null where nobody has more than the client would have then
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
    // A newcomer comes after all that have waited longer, and before the one whose turn it is.
    const share = this.shares.get(key) ?? { places: 0, lastTurn: this.turn - 1 };
    share.places += 1;
    this.shares.set(key, share);
    return share;
  }
}

/** JSON keeps the parts apart, whatever is in them. */
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

/** What is counted: one email from one address, one address for any emails, one email from any addresses. */
export const SCOPES = ['pair', 'address', 'email'] as const;
export type Scope = (typeof SCOPES)[number];

/** The failed and the undecided logins of one scope. Times are in milliseconds since the epoch, by the database. */
export interface Counter {
  failures: readonly number[];
  /** When each try that is not yet decided was let in. */
  pending: readonly number[];
  /** Blocks in a row: each one is twice as long as the one before. */
  strikes: number;
  blockedUntil: number | null;
  /** Of a pair: until when it is remembered that this address has signed in to this account. */
  knownUntil: number | null;
}

export interface Limit {
  failures: number;
  windowMs: number;
}

export type Counters = Record<Scope, Counter>;
export type Limits = Record<Scope, Limit>;

/** How a try ended; `void`: it never came to an answer. */
export type Outcome = 'right' | 'wrong' | 'void';

const FIRST_BLOCK_MS = 60_000;
const LONGEST_BLOCK_MS = 900_000;
const DAY_MS = 86_400_000;
const KNOWN_MS = 30 * DAY_MS;
/** No try takes so long: its process has died. It counts as failed, or a crash would give guesses away. */
const PENDING_MS = 60_000;

export const NOTHING: Counter = {
  failures: [],
  pending: [],
  strikes: 0,
  blockedUntil: null,
  knownUntil: null,
};

/** The counter as it is now: without what is too old to count. */
export function current(counter: Counter, { windowMs }: Limit, now: number): Counter {
  const abandoned = counter.pending.filter((time) => time <= now - PENDING_MS);
  const forgiven = (counter.blockedUntil ?? now) <= now - windowMs;
  return {
    failures: [...counter.failures, ...abandoned]
      .filter((time) => time > now - windowMs)
      .sort((a, b) => a - b),
    pending: counter.pending.filter((time) => time > now - PENDING_MS),
    strikes: forgiven ? 0 : counter.strikes,
    blockedUntil: forgiven ? null : counter.blockedUntil,
    knownUntil: (counter.knownUntil ?? 0) > now ? counter.knownUntil : null,
  };
}

/**
 * Whether a try may be made, of counters that are `current`. Undecided tries count as if they had failed, so that
 * parallel ones cannot slip past a limit; as they may yet succeed, they make the next one wait, not fail.
 *
 * Who guesses at an email from many addresses blocks it for all of them but those from which its owner has lately
 * signed in: otherwise anybody could lock anybody out. Such an address still has the limits of its own.
 * @returns `blockedMs`: for how long all tries are refused
 */
export function admission(
  counters: Counters,
  limits: Limits,
  now: number,
): 'free' | 'busy' | { blockedMs: number } {
  const scopes = SCOPES.filter((scope) => scope !== 'email' || counters.pair.knownUntil === null);
  const blockedMs = Math.max(...scopes.map((scope) => (counters[scope].blockedUntil ?? now) - now));
  if (blockedMs > 0) return { blockedMs };
  return scopes.every((scope) => counters[scope].pending.length < room(counters[scope], limits[scope]))
    ? 'free'
    : 'busy';
}

/** How many tries may be undecided at once: after a block one, and the next failure blocks again. */
const room = ({ strikes, failures }: Counter, limit: Limit): number =>
  strikes > 0 ? 1 : Math.max(1, limit.failures - failures.length);

export const reserved = (counter: Counter, now: number): Counter => ({
  ...counter,
  pending: [...counter.pending, now],
});

/**
 * The counter after a try that was let in at `since`. A right password clears its pair. Of the other two it takes back
 * the try alone: with an account of his own somebody could else wipe out what he has failed with others' emails.
 */
export function settled(
  scope: Scope,
  counter: Counter,
  limit: Limit,
  { since, outcome, now }: { since: number; outcome: Outcome; now: number },
): Counter {
  const undone = withoutTry(counter, since);
  if (outcome === 'wrong') return failed(undone, limit, now);
  if (outcome === 'right' && scope === 'pair') {
    return { ...NOTHING, pending: undone.pending, knownUntil: now + KNOWN_MS };
  }
  return undone;
}

function failed(counter: Counter, limit: Limit, now: number): Counter {
  // Let in before the block began, or past it: it does not make the block longer.
  if (counter.blockedUntil !== null && counter.blockedUntil > now) return counter;
  const failures = [...counter.failures, now].slice(-limit.failures);
  if (counter.strikes === 0 && failures.length < limit.failures) return { ...counter, failures };
  const blockMs = Math.min(LONGEST_BLOCK_MS, FIRST_BLOCK_MS * 2 ** counter.strikes);
  return { ...counter, failures, strikes: counter.strikes + 1, blockedUntil: now + blockMs };
}

/** One that has long been pending stands among the failures by now. */
function withoutTry(counter: Counter, since: number): Counter {
  const pending = withoutOne(counter.pending, since);
  if (pending.length < counter.pending.length) return { ...counter, pending };
  return { ...counter, failures: withoutOne(counter.failures, since) };
}

function withoutOne(times: readonly number[], time: number): readonly number[] {
  const index = times.indexOf(time);
  return index < 0 ? times : times.toSpliced(index, 1);
}

/** From when on the counter is worth nothing. */
export function expiryOf(counter: Counter, { windowMs }: Limit, now: number): number {
  return Math.max(
    now,
    ...counter.failures.map((time) => time + windowMs),
    ...counter.pending.map((time) => time + Math.max(PENDING_MS, windowMs)),
    (counter.blockedUntil ?? now - windowMs) + windowMs,
    counter.knownUntil ?? now,
  );
}

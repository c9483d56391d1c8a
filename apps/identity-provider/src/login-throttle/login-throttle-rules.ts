import { SCOPES, type Scope } from './login-throttle-keys.js';

/** The failed and pending logins of one scope. Times are in milliseconds since the epoch, by the database's clock. */
export interface Counter {
  failures: readonly number[];
  /** Start times of the pending attempts. */
  pending: readonly number[];
  /** Number of consecutive blocks; each block is twice as long as the previous one. */
  strikes: number;
  blockedUntil: number | null;
  /** Pairs only: until this time the address counts as known for the account, after a successful login. */
  knownUntil: number | null;
}

export interface Limit {
  failures: number;
  windowMs: number;
}

export type Counters = Record<Scope, Counter>;
export type Limits = Record<Scope, Limit>;

/** The outcome of an attempt; `void` if the password was not verified. */
export type Outcome = 'right' | 'wrong' | 'void';

const FIRST_BLOCK_MS = 60_000;
const LONGEST_BLOCK_MS = 900_000;
const DAY_MS = 86_400_000;
const KNOWN_MS = 30 * DAY_MS;
/** A longer attempt means that its process has died. It counts as failed, so that crashes allow no free guesses. */
const PENDING_MS = 60_000;

export const NOTHING: Counter = {
  failures: [],
  pending: [],
  strikes: 0,
  blockedUntil: null,
  knownUntil: null,
};

/** Returns the counter without expired entries. */
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
 * Decides if an attempt may start; the counters must be `current`. Pending attempts count as failed, so that parallel
 * attempts cannot exceed a limit. As they may still succeed, the next attempt waits and is not refused.
 *
 * Guesses at an email from many addresses block this email for all addresses, except those from which its owner has
 * recently signed in; otherwise anyone could lock out any user. These addresses still have their own limits.
 * @returns `blockedMs`: how long all attempts are refused
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

/** Returns the limit of pending attempts: one after a block, because the next failure blocks again. */
const room = ({ strikes, failures }: Counter, limit: Limit): number =>
  strikes > 0 ? 1 : Math.max(1, limit.failures - failures.length);

export const reserved = (counter: Counter, now: number): Counter => ({
  ...counter,
  pending: [...counter.pending, now],
});

/**
 * Returns the counter after an attempt that started at `since`. A correct password clears the counter of its pair. In
 * the other two it removes only this attempt; otherwise attackers could clear their failures with an account they own.
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
  // The attempt started before the block, or bypassed it as a known address. It does not extend the block.
  if (counter.blockedUntil !== null && counter.blockedUntil > now) return counter;
  const failures = [...counter.failures, now].slice(-limit.failures);
  if (counter.strikes === 0 && failures.length < limit.failures) return { ...counter, failures };
  const blockMs = Math.min(LONGEST_BLOCK_MS, FIRST_BLOCK_MS * 2 ** counter.strikes);
  return { ...counter, failures, strikes: counter.strikes + 1, blockedUntil: now + blockMs };
}

/** An attempt that was pending for too long has been moved to the failures. */
function withoutTry(counter: Counter, since: number): Counter {
  const pending = withoutOne(counter.pending, since);
  if (pending.length < counter.pending.length) return { ...counter, pending };
  return { ...counter, failures: withoutOne(counter.failures, since) };
}

function withoutOne(times: readonly number[], time: number): readonly number[] {
  const index = times.indexOf(time);
  return index < 0 ? times : times.toSpliced(index, 1);
}

/**
 * Whether an outcome changes more than what is pending: a failure, or a correct password after failures or from an
 * address that is not known for the next 29 days.
 * @param pair the counter before
 */
export function isRemembered(outcome: Outcome, pair: Counter, now: number): boolean {
  if (outcome !== 'right') return outcome === 'wrong';
  const isKnown = (pair.knownUntil ?? 0) > now + KNOWN_MS - DAY_MS;
  return !isKnown || pair.failures.length > 0 || pair.strikes > 0 || pair.blockedUntil !== null;
}

/** Returns the time from which the counter can be deleted. */
export function expiryOf(counter: Counter, { windowMs }: Limit, now: number): number {
  return Math.max(
    now,
    ...counter.failures.map((time) => time + windowMs),
    ...counter.pending.map((time) => time + Math.max(PENDING_MS, windowMs)),
    (counter.blockedUntil ?? now - windowMs) + windowMs,
    counter.knownUntil ?? now,
  );
}

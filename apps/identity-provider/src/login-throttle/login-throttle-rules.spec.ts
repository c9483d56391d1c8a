import { describe, expect, it } from 'vitest';
import { SCOPES } from './login-throttle-keys.js';
import {
  admission,
  type Counter,
  type Counters,
  current,
  expiryOf,
  type Limits,
  NOTHING,
  type Outcome,
  reserved,
  settled,
} from './login-throttle-rules.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const WINDOW = 15 * MINUTE;
const START = Date.UTC(2026, 0, 1);

const limits: Limits = {
  pair: { failures: 3, windowMs: WINDOW },
  address: { failures: 5, windowMs: WINDOW },
  email: { failures: 5, windowMs: WINDOW },
};

const none: Counters = { pair: NOTHING, address: NOTHING, email: NOTHING };

/** Simulates the three counters of one email and one address over time. */
class Story {
  counters = none;
  now = START;

  after(ms: number): this {
    this.now += ms;
    const present = { ...this.counters };
    for (const scope of SCOPES) present[scope] = current(present[scope], limits[scope], this.now);
    this.counters = present;
    return this;
  }

  get admission() {
    return admission(this.counters, limits, this.now);
  }

  letIn(): number {
    const present = { ...this.counters };
    for (const scope of SCOPES) present[scope] = reserved(present[scope], this.now);
    this.counters = present;
    return this.now;
  }

  end(since: number, outcome: Outcome): this {
    const present = { ...this.counters };
    for (const scope of SCOPES) {
      present[scope] = settled(scope, present[scope], limits[scope], { since, outcome, now: this.now });
    }
    this.counters = present;
    return this;
  }

  try(outcome: Outcome, times = 1): this {
    for (let i = 0; i < times; i += 1) this.end(this.letIn(), outcome);
    return this;
  }
}

const blockedFor = (seconds: number) => ({ blockedMs: seconds * SECOND });

describe('guessing at one email from one address', () => {
  it('is allowed up to the limit, then blocked for a minute from the last failure', () => {
    const story = new Story().try('wrong', 2);
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
    expect(story.after(59 * SECOND).admission).toEqual(blockedFor(1));
    expect(story.after(SECOND).admission).toBe('free');
  });

  it('doubles the block with each failure after a block, up to 15 minutes', () => {
    const story = new Story().try('wrong', 2);
    for (const seconds of [60, 120, 240, 480, 900, 900]) {
      expect(story.try('wrong').admission).toEqual(blockedFor(seconds));
      story.after(seconds * SECOND);
    }
  });

  it('resets the counter one full window after the block', () => {
    const story = new Story()
      .try('wrong', 3)
      .after(MINUTE + WINDOW)
      .try('wrong', 2);
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
  });

  it('counts only failures within the sliding window', () => {
    const story = new Story()
      .try('wrong')
      .after(WINDOW - SECOND)
      .try('wrong')
      .after(SECOND)
      .try('wrong');
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
  });

  it('clears the counter after a correct password', () => {
    const story = new Story().try('wrong', 2).try('right').try('wrong', 2);
    expect(story.counters.pair.failures).toHaveLength(2);
    expect(story.admission).toBe('free');
  });

  it('is not counted if the password was not verified', () => {
    const story = new Story().try('void', 9);
    expect(story.admission).toBe('free');
    expect(story.counters.pair).toEqual(NOTHING);
  });
});

describe('parallel attempts', () => {
  it('wait while the pending attempts reach the failure limit', () => {
    const story = new Story();
    const tries = [story.letIn(), story.letIn(), story.letIn()];
    expect(story.admission).toBe('busy');
    story.end(tries[0]!, 'wrong');
    expect(story.admission).toBe('busy');
    story.end(tries[1]!, 'void');
    expect(story.admission).toBe('free');
  });

  it('start one at a time after a block', () => {
    const story = new Story().try('wrong', 3).after(MINUTE);
    const since = story.letIn();
    expect(story.admission).toBe('busy');
    expect(story.end(since, 'wrong').admission).toEqual(blockedFor(120));
  });

  it('do not extend a block that began while they were pending', () => {
    const story = new Story();
    const late = story.letIn();
    story.try('wrong', 3).after(10 * SECOND);
    expect(story.end(late, 'wrong').admission).toEqual(blockedFor(50));
    expect(story.counters.pair.strikes).toBe(1);
  });

  it('count as failed after a minute if their process died', () => {
    const story = new Story();
    const since = story.letIn();
    story.after(MINUTE);
    expect(story.counters.pair).toEqual({ ...NOTHING, failures: [since] });
    expect(story.try('wrong', 2).admission).toEqual(blockedFor(60));
  });

  it('can still be removed after a minute', () => {
    const story = new Story();
    const since = story.letIn();
    story.after(2 * MINUTE).end(since, 'void');
    expect(story.counters).toEqual(none);
  });
});

describe('guessing from one address at several emails', () => {
  it('is blocked at the limit of the address, which a success does not reset', () => {
    const pairs = (counters: Counters, pair: Counter): Counters => ({ ...counters, pair });
    const story = new Story().try('wrong', 2);
    // The attacker signs in to their own account from the same address.
    story.counters = pairs(story.counters, NOTHING);
    story.try('right');
    expect(story.counters.address.failures).toHaveLength(2);
    story.counters = pairs(story.counters, NOTHING);
    story.try('wrong', 2);
    story.counters = pairs(story.counters, NOTHING);
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
    expect(story.counters.address.strikes).toBe(1);
  });
});

describe('guessing at one email from several addresses', () => {
  const attacked = new Story();
  for (const pair of [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]) {
    attacked.counters = { ...attacked.counters, pair, address: NOTHING };
    attacked.try('wrong');
  }
  const from = (pair: Counter): Story => {
    const story = new Story().after(SECOND);
    story.counters = { pair, address: NOTHING, email: attacked.counters.email };
    return story;
  };

  it('blocks unknown addresses', () => {
    expect(from(NOTHING).admission).toEqual(blockedFor(59));
  });

  it('does not block an address from which the owner has signed in within 30 days', () => {
    const { pair } = new Story().try('right').counters;
    expect(from(pair).admission).toBe('free');
    expect(from(pair).after(30 * 24 * 60 * MINUTE - 2 * SECOND).counters.pair.knownUntil).not.toBeNull();
    expect(from(pair).after(30 * 24 * 60 * MINUTE).counters.pair.knownUntil).toBeNull();
  });

  it('keeps the own limit of a known address', () => {
    const { pair } = new Story().try('right').counters;
    expect(from(pair).try('wrong', 3).admission).toEqual(blockedFor(60));
  });

  it('counts failures from a known address', () => {
    const { pair } = new Story().try('right').counters;
    const story = new Story();
    story.counters = { ...none, pair };
    expect(story.try('wrong', 2).counters.email.failures).toHaveLength(2);
  });
});

describe('a stored counter', () => {
  it.each<[string, Counter, number]>([
    ['expires immediately if it is empty', NOTHING, 0],
    ['expires one window after the last failure', { ...NOTHING, failures: [START - MINUTE, START] }, WINDOW],
    ['expires one window after a pending attempt started', { ...NOTHING, pending: [START] }, WINDOW],
    [
      'expires one window after the end of a block',
      { ...NOTHING, strikes: 1, blockedUntil: START + MINUTE },
      MINUTE + WINDOW,
    ],
    [
      'expires when its address is no longer known',
      { ...NOTHING, knownUntil: START + 2 * WINDOW },
      2 * WINDOW,
    ],
  ])('%s', (_, counter, ms) => {
    expect(expiryOf(counter, limits.pair, START)).toBe(START + ms);
  });

  it('holds at most as many failures as its limit', () => {
    const story = new Story();
    const tries = Array.from({ length: 9 }, () => story.letIn());
    for (const since of tries) story.end(since, 'wrong');
    expect(story.counters.pair.failures).toHaveLength(3);
  });
});

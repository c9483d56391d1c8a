import { describe, expect, it } from 'vitest';
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
  SCOPES,
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

/** The three counters of one email and one address over time. */
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
  it('is free until the limit, and blocked for a minute from the last failure', () => {
    const story = new Story().try('wrong', 2);
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
    expect(story.after(59 * SECOND).admission).toEqual(blockedFor(1));
    expect(story.after(SECOND).admission).toBe('free');
  });

  it('is blocked twice as long by each failure after a block, up to fifteen minutes', () => {
    const story = new Story().try('wrong', 2);
    for (const seconds of [60, 120, 240, 480, 900, 900]) {
      expect(story.try('wrong').admission).toEqual(blockedFor(seconds));
      story.after(seconds * SECOND);
    }
  });

  it('starts anew when a whole window has passed since the block', () => {
    const story = new Story()
      .try('wrong', 3)
      .after(MINUTE + WINDOW)
      .try('wrong', 2);
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
  });

  it('counts failures of the window alone, which slides', () => {
    const story = new Story()
      .try('wrong')
      .after(WINDOW - SECOND)
      .try('wrong')
      .after(SECOND)
      .try('wrong');
    expect(story.admission).toBe('free');
    expect(story.try('wrong').admission).toEqual(blockedFor(60));
  });

  it('is forgotten with a right password', () => {
    const story = new Story().try('wrong', 2).try('right').try('wrong', 2);
    expect(story.counters.pair.failures).toHaveLength(2);
    expect(story.admission).toBe('free');
  });

  it('is not counted where the try came to no answer', () => {
    const story = new Story().try('void', 9);
    expect(story.admission).toBe('free');
    expect(story.counters.pair).toEqual(NOTHING);
  });
});

describe('parallel tries', () => {
  it('wait while as many are undecided as may fail', () => {
    const story = new Story();
    const tries = [story.letIn(), story.letIn(), story.letIn()];
    expect(story.admission).toBe('busy');
    story.end(tries[0]!, 'wrong');
    expect(story.admission).toBe('busy');
    story.end(tries[1]!, 'void');
    expect(story.admission).toBe('free');
  });

  it('are let in one by one after a block', () => {
    const story = new Story().try('wrong', 3).after(MINUTE);
    const since = story.letIn();
    expect(story.admission).toBe('busy');
    expect(story.end(since, 'wrong').admission).toEqual(blockedFor(120));
  });

  it('do not make a block longer that began while they were undecided', () => {
    const story = new Story();
    const late = story.letIn();
    story.try('wrong', 3).after(10 * SECOND);
    expect(story.end(late, 'wrong').admission).toEqual(blockedFor(50));
    expect(story.counters.pair.strikes).toBe(1);
  });

  it('of a process that died count as failed after a minute', () => {
    const story = new Story();
    const since = story.letIn();
    story.after(MINUTE);
    expect(story.counters.pair).toEqual({ ...NOTHING, failures: [since] });
    expect(story.try('wrong', 2).admission).toEqual(blockedFor(60));
  });

  it('can be taken back even so late', () => {
    const story = new Story();
    const since = story.letIn();
    story.after(2 * MINUTE).end(since, 'void');
    expect(story.counters).toEqual(none);
  });
});

describe('guessing from one address at any emails', () => {
  it('is blocked at its own limit, and a success takes nothing back of it', () => {
    const pairs = (counters: Counters, pair: Counter): Counters => ({ ...counters, pair });
    const story = new Story().try('wrong', 2);
    // An account of the guesser's own, from the same address.
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

describe('guessing at one email from any addresses', () => {
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

  it('blocks every address', () => {
    expect(from(NOTHING).admission).toEqual(blockedFor(59));
  });

  it('but one from which the owner has signed in within thirty days', () => {
    const { pair } = new Story().try('right').counters;
    expect(from(pair).admission).toBe('free');
    expect(from(pair).after(30 * 24 * 60 * MINUTE - 2 * SECOND).counters.pair.knownUntil).not.toBeNull();
    expect(from(pair).after(30 * 24 * 60 * MINUTE).counters.pair.knownUntil).toBeNull();
  });

  it('and such an address still has its own limit', () => {
    const { pair } = new Story().try('right').counters;
    expect(from(pair).try('wrong', 3).admission).toEqual(blockedFor(60));
  });

  it('counts failures of such an address as well', () => {
    const { pair } = new Story().try('right').counters;
    const story = new Story();
    story.counters = { ...none, pair };
    expect(story.try('wrong', 2).counters.email.failures).toHaveLength(2);
  });
});

describe('a counter that is kept', () => {
  it.each<[string, Counter, number]>([
    ['holds nothing: not at all', NOTHING, 0],
    ['has a failure: for a window', { ...NOTHING, failures: [START - MINUTE, START] }, WINDOW],
    ['has an undecided try: as long as that may yet fail', { ...NOTHING, pending: [START] }, WINDOW],
    [
      'is blocked: for a window longer',
      { ...NOTHING, strikes: 1, blockedUntil: START + MINUTE },
      MINUTE + WINDOW,
    ],
    ['knows an address: as long as it does', { ...NOTHING, knownUntil: START + 2 * WINDOW }, 2 * WINDOW],
  ])('%s', (_, counter, ms) => {
    expect(expiryOf(counter, limits.pair, START)).toBe(START + ms);
  });

  it('never holds more failures than its limit', () => {
    const story = new Story();
    const tries = Array.from({ length: 9 }, () => story.letIn());
    for (const since of tries) story.end(since, 'wrong');
    expect(story.counters.pair.failures).toHaveLength(3);
  });
});

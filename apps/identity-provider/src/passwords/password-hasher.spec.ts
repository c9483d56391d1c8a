import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import type { HashClient } from './fair-places.js';
import { type HashPlace, HashQueue } from './hash-queue.js';
import { PasswordHasher } from './password-hasher.js';

const COST = 6;
const hasher = new PasswordHasher({ bcryptCost: COST }, new HashQueue());
const YES = { matches: true, newHash: null };
const NO = { matches: false, newHash: null };
const CLIENT: HashClient = { network: '192.0.2.7', account: 'ada@example.com' };
/** A place that runs its work at once. */
const FREE: Pick<HashPlace, 'run'> = { run: (work) => work() };

const renewed = (cost: string) => ({ matches: true, newHash: expect.stringMatching(`^\\$2b\\$${cost}\\$`) });

describe('a password hash', () => {
  it('is bcrypt of the configured cost, with a unique salt', async () => {
    const [one, other] = await Promise.all([
      hasher.hash('securepass123', CLIENT),
      hasher.hash('securepass123', CLIENT),
    ]);
    expect(one).toMatch(/^\$2b\$06\$/);
    expect(other).not.toBe(one);
    await expect(hasher.verify('securepass123', one, FREE)).resolves.toEqual(YES);
    await expect(hasher.verify('securepass124', one, FREE)).resolves.toEqual(NO);
  });

  // Implementations use three version prefixes for the same algorithm.
  it.each(['2a', '2b', '2y'])('is read as $%s$', async (version) => {
    const stored = (await bcrypt.hash('päßword-😀', COST)).replace('$2b$', `$${version}$`);
    await expect(hasher.verify('päßword-😀', stored, FREE)).resolves.toEqual(YES);
    await expect(hasher.verify('pässword-😀', stored, FREE)).resolves.toEqual(NO);
  });

  it('of other implementations is accepted', async () => {
    // From https://cvsweb.openwall.com/cgi/cvsweb.cgi/Owl/packages/glibc/crypt_blowfish/wrapper.c
    const openwall = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    await expect(hasher.verify('U*U', openwall, FREE)).resolves.toEqual(renewed('06'));
    // Made with libxcrypt's crypt(3).
    const libxcrypt = '$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq';
    await expect(hasher.verify('rasmuslerdorf', libxcrypt, FREE)).resolves.toEqual(renewed('06'));
  });

  it.each([4, 5, 7, 8])('of cost %i matches and needs a new hash', async (cost) => {
    const stored = await bcrypt.hash('securepass123', cost);
    await expect(hasher.verify('securepass123', stored, FREE)).resolves.toEqual(renewed('06'));
    await expect(hasher.verify('wrong', stored, FREE)).resolves.toEqual(NO);
  });

  it.each([
    ['missing', null],
    ['an empty text', ''],
    ['plain text', 'securepass123'],
    ['an MD5 crypt', '$1$CCCCCCCC$abcdefghijklmnopqrstuv'],
    ['an unknown version', `$2x$06$${'a'.repeat(53)}`],
    ['cost 3', `$2b$03$${'a'.repeat(53)}`],
    ['cost 31, which would take weeks', `$2b$31$${'a'.repeat(53)}`],
    ['a truncated hash', `$2b$06$${'a'.repeat(52)}`],
    ['a hash with a suffix', `$2b$06$${'a'.repeat(54)}`],
    ['a hash with a trailing line break', `$2b$06$${'a'.repeat(53)}\n`],
  ])('that is invalid matches nothing: %s', async (_, stored) => {
    await expect(hasher.verify('securepass123', stored, FREE)).resolves.toEqual(NO);
  });
});

describe('a password that bcrypt would confuse with another', () => {
  const full = 'x'.repeat(72);

  it.each([
    ['empty', '', ''],
    ['equal in the first 72 bytes', full, `${full}y`],
    ['equal in the first 72 bytes, with multi-byte characters', `${'x'.repeat(70)}é`, `${'x'.repeat(70)}é😀`],
    ['with a NUL', 'p', 'p\0q'],
    ['with a lone surrogate', 'pass\ufffdword', 'pass\ud800word'],
  ])('never matches: %s', async (_, stored, given) => {
    const hash = await bcrypt.hash(stored, COST);
    await expect(hasher.verify(given, hash, FREE)).resolves.toEqual(NO);
    if (given !== '') await expect(hasher.hash(given, CLIENT)).rejects.toThrow(RangeError);
  });

  it('can have exactly 72 bytes', async () => {
    await expect(hasher.verify(full, await hasher.hash(full, CLIENT), FREE)).resolves.toMatchObject({
      matches: true,
    });
  });
});

describe('a password in another Unicode form', () => {
  const NFC = 'Pässwörd-ñandú-9'.normalize('NFC');
  const NFD = NFC.normalize('NFD');

  it.each([NFC, NFD])('matches a hash of the normal form, if set in either form: %j', async (set) => {
    const stored = await hasher.hash(set, CLIENT);
    expect(await bcrypt.compare(NFC, stored)).toBe(true);
    await expect(hasher.verify(NFC, stored, FREE)).resolves.toEqual(YES);
    await expect(hasher.verify(NFD, stored, FREE)).resolves.toEqual(YES);
  });

  it('matches an older hash of the form as sent, which needs a new hash', async () => {
    const older = await bcrypt.hash(NFD, COST);
    await expect(hasher.verify(NFD, older, FREE)).resolves.toEqual(renewed('06'));
    await expect(hasher.verify(NFC, older, FREE)).resolves.toEqual(NO);
  });

  it('matches an older hash if its normal form exceeds the limit of bcrypt', async () => {
    const lengthened = '\u{1D160}'.repeat(18);
    expect(Buffer.byteLength(lengthened)).toBe(72);
    expect(Buffer.byteLength(lengthened.normalize('NFC'))).toBeGreaterThan(72);
    await expect(hasher.verify(lengthened, await bcrypt.hash(lengthened, COST), FREE)).resolves.toEqual(YES);
    await expect(hasher.verify(lengthened, await bcrypt.hash(lengthened, 4), FREE)).resolves.toEqual(YES);
    await expect(hasher.hash(lengthened, CLIENT)).rejects.toThrow(RangeError);
  });

  it('can exceed the limit of bcrypt as sent if its normal form does not', async () => {
    const long = 'é'.repeat(36).normalize('NFD');
    expect(Buffer.byteLength(long)).toBe(108);
    await expect(hasher.verify(long, await hasher.hash(long, CLIENT), FREE)).resolves.toEqual(YES);
  });
});

describe('the time of a refusal', () => {
  const slow = new PasswordHasher({ bcryptCost: 10 }, new HashQueue({ parallelism: 1 }));

  /** Returns the CPU time in microseconds, which excludes other load on the machine. */
  const work = async (password: string, stored: string | null): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i += 1) {
      const start = process.cpuUsage();
      await slow.verify(password, stored, FREE);
      const { user, system } = process.cpuUsage(start);
      least = Math.min(least, user + system);
    }
    return least;
  };

  // The test runs some hundred hashes, and the machine may be busy.
  it('is the same for every cause', { timeout: 60_000 }, async () => {
    const stored = await slow.hash('securepass123', CLIENT);
    const wrong = await work('wrong-password', stored);
    const cases: [string, string, string | null][] = [
      ['unknown email', 'securepass123', null],
      ['garbage', 'securepass123', 'garbage'],
      ['absurd cost', 'securepass123', `$2b$31$${'a'.repeat(53)}`],
      ['empty', '', stored],
      ['too long', 'x'.repeat(1_024), stored],
      ['NUL', 'secure\0pass', stored],
      ['cost 4', 'wrong-password', await bcrypt.hash('securepass123', 4)],
      ['cost 9', 'wrong-password', await bcrypt.hash('securepass123', 9)],
    ];
    for (const [what, password, hash] of cases) {
      const taken = await work(password, hash);
      expect(taken / wrong, what).toBeGreaterThan(0.75);
      expect(taken / wrong, what).toBeLessThan(1.5);
    }
  });
});

describe('a new password', () => {
  const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 0 });
  const busy = new PasswordHasher({ bcryptCost: COST }, queue);

  it('is hashed in the turn that checks the current one, and only if that matches', async () => {
    const stored = await bcrypt.hash('securepass123', COST);
    let turns = 0;
    const place: Pick<HashPlace, 'run'> = {
      run: (work) => {
        turns += 1;
        return work();
      },
    };
    const { newHash } = await busy.verify('securepass123', stored, place, 'another-good-one');
    expect(turns).toBe(1);
    await expect(bcrypt.compare('another-good-one', newHash ?? '')).resolves.toBe(true);
    await expect(busy.verify('wrong', stored, place, 'another-good-one')).resolves.toEqual(NO);
  });
});

it('the hasher refuses hashes while the queue is full', async () => {
  const busy = new PasswordHasher(
    { bcryptCost: 4 },
    new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 1 }),
  );
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => busy.hash('x', CLIENT)));
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
  ]);
});

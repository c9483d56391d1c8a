import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { isStorable } from '#libs/core/storable-text.js';
import { SETTINGS } from '../settings.js';
import type { HashClient } from './fair-places.js';
import { type HashPlace, HashQueue } from './hash-queue.js';

export interface Verification {
  matches: boolean;
  /** What to store instead: of the replacement, or of the same password where its hash is not of today's cost. */
  newHash: string | null;
}

const WRONG: Verification = { matches: false, newHash: null };

/** The one form of all spellings of a password (Unicode's NFC): what is hashed, and what the policy counts. */
export const normalizePassword = (password: string): string => password.normalize('NFC');

/** bcrypt reads no further. */
export const MAX_PASSWORD_BYTES = 72;

/** Beyond this, one hash would hold a thread for many seconds or for days: nobody's hash, but garbage. */
const MAX_COST = 15;
const MIN_COST = 4;

const HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const DUMMY_PASSWORD = 'dummy';

/** Makes and checks bcrypt hashes, in turn. A check takes as long whatever is wrong with the password or the hash. */
@Injectable()
export class PasswordHasher {
  /** For each cost a hash that no password matches. */
  private readonly dummies: readonly string[];
  private readonly cost: number;

  constructor(
    @Inject(SETTINGS) { bcryptCost: cost }: Pick<IdentityProviderSettings, 'bcryptCost'>,
    private readonly queue: HashQueue,
  ) {
    this.cost = cost;
    this.dummies = Array.from({ length: cost + 1 }, (_, each) => dummyHash(Math.max(each, MIN_COST)));
  }

  /**
   * Hashes the password's normal form: systems compose accents differently for the same keys.
   * @param password one that the policy lets through
   * @throws ApiError 503 `overloaded`
   */
  hash(password: string, client: HashClient): Promise<string> {
    return this.queue.hold(client, (place) => place.run(() => this.makeHash(password)));
  }

  /**
   * Compares a password with a stored hash: its normal form first, then, if that differs, the password as it was sent,
   * which older hashes were made of. Without a hash (an unknown email), with an invalid one, and with a password that no
   * account can have, the same work is done and the answer is no. If it matches and a new hash is needed, that is made in
   * the same turn.
   * @param replacement the new password if it is being changed: one that the policy accepts
   * @throws ApiError 503 `overloaded`
   */
  verify(
    password: string,
    stored: string | null,
    place: HashPlace,
    replacement?: string,
  ): Promise<Verification> {
    const hash = readHash(stored);
    const normal = normalizePassword(password);
    return place.run(async () => {
      for (const form of new Set([normal, password])) {
        if (!(await this.matches(form, hash))) continue;
        const isCurrent = (form === normal && hash?.cost === this.cost) || !isHashable(normal);
        const next = replacement ?? (isCurrent ? null : normal);
        return { matches: true, newHash: next === null ? null : await this.makeHash(next) };
      }
      return WRONG;
    });
  }

  private async makeHash(password: string): Promise<string> {
    const normal = normalizePassword(password);
    if (!isHashable(normal)) throw new RangeError('bcrypt cannot tell this password from others.');
    return bcrypt.hash(normal, this.cost);
  }

  private async matches(password: string, hash: StoredHash | null): Promise<boolean> {
    if (!hash || !isHashable(password)) {
      await this.work(this.cost);
      return false;
    }
    const matches = await bcrypt.compare(password, hash.text);
    if (!matches) await this.fillUp(hash.cost);
    return matches;
  }

  /**
   * A cheaper hash would answer sooner than the dummy, and so tell that there is an account. What is missing is done as
   * well: 2^c + (2^c + 2^(c+1) + … + 2^(n-1)) = 2^n rounds. A dearer hash stays slower until its owner's next login.
   */
  private async fillUp(done: number): Promise<void> {
    for (let cost = done; cost < this.cost; cost += 1) await this.work(cost);
  }

  private work(cost: number): Promise<boolean> {
    return bcrypt.compare(DUMMY_PASSWORD, this.dummies[cost]!);
  }
}

/**
 * Whether bcrypt sees all of it: it stops after 72 bytes, older versions at a NUL, and a lone surrogate would become
 * U+FFFD, so that two passwords would be one.
 */
const isHashable = (password: string): boolean =>
  password !== '' && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES && isStorable(password);

interface StoredHash {
  text: string;
  cost: number;
}

/** `$2y$` is PHP's name for what is `$2b$` elsewhere. */
function readHash(stored: string | null): StoredHash | null {
  const cost = Number(HASH.exec(stored ?? '')?.[1]);
  if (!(cost >= MIN_COST && cost <= MAX_COST)) return null;
  return { text: stored!.replace('$2y$', '$2b$'), cost };
}

/** Well formed, so that a comparison does all its rounds, and made of nobody's password. */
const dummyHash = (cost: number): string =>
  bcrypt.genSaltSync(cost) + randomBytes(24).toString('base64').replaceAll('+', '.').slice(0, 31);

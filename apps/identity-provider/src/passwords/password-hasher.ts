import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { isStorable } from '#libs/core/ids.js';
import { SETTINGS } from '../settings.js';
import type { HashClient } from './fair-places.js';
import { type HashPlace, HashQueue } from './hash-queue.js';

export interface Verification {
  matches: boolean;
  /** The hash to store: of the replacement, or of the same password if its hash is outdated in cost or Unicode form. */
  newHash: string | null;
}

const WRONG: Verification = { matches: false, newHash: null };

/** Returns the normal form of a password (Unicode NFC), which is hashed and checked by the policy. */
export const normalizePassword = (password: string): string => password.normalize('NFC');

/** bcrypt ignores all further bytes. */
export const MAX_PASSWORD_BYTES = 72;

/** A hash of a higher cost would occupy a thread for many seconds or for days, so it is treated as invalid. */
const MAX_COST = 15;
const MIN_COST = 4;

const HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const DUMMY_PASSWORD = 'dummy';

/** Creates and verifies bcrypt hashes through the queue. A failed check takes the same time for every cause. */
@Injectable()
export class PasswordHasher {
  /** One hash per cost, which no password matches. */
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
   * Hashes the password's normal form, because systems compose the same accents differently.
   * @param password a password that the policy accepts
   * @throws ApiError 503 `overloaded`
   */
  async hash(password: string, client: HashClient): Promise<string> {
    using place = this.queue.take(client);
    return await place.run(() => this.makeHash(password));
  }

  /**
   * Compares a password with a stored hash: first its normal form, then, if different, the password as sent, which
   * older hashes are based on. A missing hash (an unknown email), an invalid hash and a password that no account can
   * have take the same work and do not match. After a match, a new hash is created in the same turn if needed.
   * @param replacement the new password of a password change, which the policy accepts
   * @throws ApiError 503 `overloaded`
   */
  verify(
    password: string,
    stored: string | null,
    place: Pick<HashPlace, 'run'>,
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
    if (!isHashable(normal)) throw new RangeError('bcrypt cannot distinguish this password from others.');
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
   * A hash of lower cost would take less time than the dummy and reveal that the account exists. The missing work is
   * added: 2^c + (2^c + 2^(c+1) + … + 2^(n-1)) = 2^n rounds. A hash of higher cost stays slower until the next login.
   */
  private async fillUp(done: number): Promise<void> {
    for (let cost = done; cost < this.cost; cost += 1) await this.work(cost);
  }

  private work(cost: number): Promise<boolean> {
    return bcrypt.compare(DUMMY_PASSWORD, this.dummies[cost]!);
  }
}

/**
 * Checks if bcrypt uses the whole password. bcrypt stops after 72 bytes, and older versions at a NUL; a lone surrogate
 * would become U+FFFD. Different passwords would then have the same hash.
 */
const isHashable = (password: string): boolean =>
  password !== '' && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES && isStorable(password);

interface StoredHash {
  text: string;
  cost: number;
}

/** PHP writes `$2y$` for `$2b$`. */
function readHash(stored: string | null): StoredHash | null {
  const cost = Number(HASH.exec(stored ?? '')?.[1]);
  if (!(cost >= MIN_COST && cost <= MAX_COST)) return null;
  return { text: stored!.replace('$2y$', '$2b$'), cost };
}

/** Creates a random hash of valid form, so that a comparison runs all rounds and no known password matches. */
const dummyHash = (cost: number): string =>
  bcrypt.genSaltSync(cost) + randomBytes(24).toString('base64').replaceAll('+', '.').slice(0, 31);

import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { PasswordAccount, VerifiedAccount } from '../../auth/login.service.js';
import type { AuthenticationMethod } from '../../sessions/authentication-methods.js';
import { OauthStateStore } from '../state/oauth-state.store.js';

const TYPE = 'SignInProgress';
/** How long a password that was right counts until the second factor. */
const SECONDS = 10 * 60;

/** A sign-in whose password was right, and which is not complete. */
export interface Progress {
  accountId: string;
  email: string;
  /** Of the password's hash: a changed password voids the progress. */
  passwordDigest: string;
  /** `code`: a second factor is asked for. `setup`: one is added. `codes`: the new recovery codes are shown. */
  step: 'code' | 'setup' | 'codes';
  /** The authenticator app that is being added. */
  factorId?: string;
  /** What was proved, in step `codes`. */
  amr?: readonly AuthenticationMethod[];
}

/** How far the sign-ins of browsers are, between the pages. It is bound to the browser by the interaction's cookie. */
@Injectable()
export class SignInProgress {
  constructor(
    private readonly state: OauthStateStore,
    private readonly database: DataSource,
  ) {}

  async find(uid: string): Promise<Progress | null> {
    const found = await this.state.find(TYPE, uid);
    return found && (found.payload as unknown as Progress);
  }

  async begin(uid: string, account: PasswordAccount, step: 'code' | 'setup'): Promise<Progress> {
    const { accountId, email, passwordHash } = account;
    return this.save(uid, { accountId, email, passwordDigest: digestOf(passwordHash), step });
  }

  async save(uid: string, progress: Progress): Promise<Progress> {
    await this.state.upsert(TYPE, uid, progress as never, SECONDS);
    return progress;
  }

  clear(uid: string): Promise<void> {
    return this.state.destroy(TYPE, uid);
  }

  /** The account of a sign-in that is complete. @returns null if its password has changed meanwhile */
  async complete(
    { accountId, email, passwordDigest }: Progress,
    amr: readonly AuthenticationMethod[],
    manager: EntityManager = this.database.manager,
  ): Promise<VerifiedAccount | null> {
    const [row] = await manager.query('SELECT password_hash FROM identity.accounts WHERE id = $1', [
      accountId,
    ]);
    const passwordHash: string | null = row?.password_hash ?? null;
    if (passwordHash === null || digestOf(passwordHash) !== passwordDigest) return null;
    return { accountId, email, passwordHash, amr };
  }
}

const digestOf = (hash: string): string => createHash('sha256').update(hash).digest('base64url');

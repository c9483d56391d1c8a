import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { emailKey } from '../accounts/email.js';
import { RightsService } from '../authority/rights.service.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import type { HashPlace } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { TokenSigner } from '../tokens/token-signer.js';
import type { IssuedToken } from './auth.dto.js';

interface Candidate {
  id: string;
  passwordHash: string | null;
  status: 'active' | 'disabled';
}

@Injectable()
export class AuthService {
  constructor(
    private readonly database: DataSource,
    private readonly throttle: LoginThrottle,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly rights: RightsService,
    private readonly signer: TokenSigner,
  ) {}

  /**
   * Signs in to a native account. An unknown email and a wrong password get the same reply after the same work.
   * @param address the client address, for the login throttle
   * @throws ApiError 401, 403 `account_disabled` (only if the password is correct), 429, 503
   */
  login(email: string, password: string, address: string): Promise<IssuedToken> {
    return this.authenticate(email, password, address, (accountId, hash) => this.issue(accountId, hash));
  }

  /**
   * Verifies a password as `login` does, and then starts a session.
   * @param start gets the account's id and the hash that was verified; null if the account has changed since
   * @throws ApiError as `login`
   */
  async authenticate<T>(
    email: string,
    password: string,
    address: string,
    start: (accountId: string, passwordHash: string) => Promise<T | null>,
  ): Promise<T> {
    const key = emailKey(email);
    // Tried again once if the hash was replaced concurrently, by a password change or a login (`replaceHash`).
    for (let attempt = 0; attempt < 2; attempt++) {
      const { matches, candidate, hash } = await this.throttle.guard(key, address, (place) =>
        this.check(key, password, place),
      );
      if (!matches || !candidate || hash === null) throw unauthorized('absent');
      if (candidate.status !== 'active') throw forbidden('account_disabled', 'This account is disabled.');
      const started = await start(candidate.id, hash);
      if (started) return started;
    }
    throw unauthorized('absent');
  }

  /** Verifies the password. After a match, replaces a hash with an outdated cost or Unicode form. */
  private async check(key: string, password: string, place: HashPlace) {
    const candidate = await this.findCandidate(key);
    const stored = candidate?.passwordHash ?? null;
    const { matches, newHash } = await this.hasher.verify(password, stored, place);
    const hash =
      candidate && stored !== null && newHash !== null
        ? await this.replaceHash(candidate.id, stored, newHash)
        : stored;
    return { matches, candidate, hash };
  }

  private async findCandidate(key: string): Promise<Candidate | undefined> {
    const rows = await preparedQuery<Candidate>(this.database, {
      name: 'login-candidate',
      text: 'SELECT id, password_hash AS "passwordHash", status FROM identity.accounts WHERE email_key = $1',
      values: [key],
    });
    return rows[0];
  }

  /** @returns the new hash, or the old one if a concurrent change came first */
  private async replaceHash(id: string, old: string, hash: string): Promise<string> {
    const rows = await preparedQuery(this.database, {
      name: 'login-rehash',
      text: 'UPDATE identity.accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id',
      values: [id, old, hash],
    });
    return rows.length > 0 ? hash : old;
  }

  private async issue(accountId: string, passwordHash: string): Promise<IssuedToken | null> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = new Date(this.signer.expiryOf(issuedAt) * 1000);
    const opened = await this.sessions.open(accountId, passwordHash, expiresAt);
    const role = opened && (await this.rights.findByRoleId(opened.roleId, opened.authorityVersion));
    if (!opened || !role) return null;
    const token = this.signer.sign(
      { ...opened, accountId, role: role.name, permissions: role.permissions },
      issuedAt,
    );
    return { tokenType: 'Bearer', token, expiresAt: expiresAt.toISOString() };
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { emailKey } from '../accounts/email.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { hashClient } from '../passwords/fair-places.js';
import { HashQueue } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionLifetimes } from '../sessions/session-lifetimes.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { type IssuedToken, mapIssuedToken } from './auth.dto.js';

interface Credentials {
  id: string;
  /** As the account spells it. */
  email: string;
  /** Null: the account has no password. */
  passwordHash: string | null;
  status: 'active' | 'disabled';
}

@Injectable()
export class LoginService {
  constructor(
    private readonly database: DataSource,
    private readonly throttle: LoginThrottle,
    private readonly queue: HashQueue,
    private readonly hasher: PasswordHasher,
    private readonly lifetimes: SessionLifetimes,
    private readonly sessions: SessionsService,
    private readonly tokens: TokenIssuer,
  ) {}

  /**
   * Signs in to a native account. An unknown email and a wrong password get the same reply after the same work.
   * @throws ApiError 401, 403 `account_disabled` (only if the password is correct), 429, 503
   */
  async login(email: string, password: string, audit: RequestAudit): Promise<IssuedToken> {
    // The login is retried once if the hash was replaced concurrently, by a password change or a login (`replaceHash`).
    const issued =
      (await this.tryLogin(email, password, audit)) ?? (await this.tryLogin(email, password, audit));
    if (!issued) throw unauthorized('absent');
    return issued;
  }

  /** @returns null if the account changed after the comparison */
  private async tryLogin(email: string, password: string, audit: RequestAudit): Promise<IssuedToken | null> {
    const { address } = audit;
    const key = emailKey(email);
    const hashing = hashClient(address, key);
    using attempt = await this.throttle.begin(key, address, (ahead) => this.queue.hasRoom(hashing, ahead));
    using place = this.queue.take(hashing);
    await attempt.count();

    const account = await this.findCredentials(key);
    const stored = account?.passwordHash ?? null;
    const { matches, newHash } = await this.hasher.verify(password, stored, place);
    const hash = account && stored && newHash ? await this.replaceHash(account.id, stored, newHash) : stored;
    const failed = { audit, accountId: account?.id ?? null, email: key, attempt: 'login' } as const;
    await (matches ? attempt.succeed() : attempt.fail(failed));
    if (!matches || !account || hash === null) throw unauthorized('absent');
    if (account.status !== 'active') throw forbidden('account_disabled', 'This account is disabled.');

    const issuedAt = Math.floor(Date.now() / 1000);
    const session = await this.sessions.open({
      accountId: account.id,
      email: account.email,
      passwordHash: hash,
      clientId: null,
      expiresAt: this.lifetimes.endOfSession(issuedAt),
      isRefreshable: this.lifetimes.isRefreshable,
      audit,
    });
    const access = session && (await this.tokens.issue(session, issuedAt));
    return access && mapIssuedToken(access, session);
  }

  private async findCredentials(key: string): Promise<Credentials | undefined> {
    const rows = await preparedQuery<Credentials>(this.database, {
      name: 'login-credentials',
      text: 'SELECT id, email, password_hash AS "passwordHash", status FROM identity.accounts WHERE email_key = $1',
      values: [key],
    });
    return rows[0];
  }

  /**
   * Replaces a hash of an outdated cost or Unicode form.
   * @returns the new hash, or the old one if a concurrent change came first
   */
  private async replaceHash(id: string, old: string, hash: string): Promise<string> {
    const rows = await preparedQuery(this.database, {
      name: 'login-rehash',
      text: 'UPDATE identity.accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id',
      values: [id, old, hash],
    });
    return rows.length > 0 ? hash : old;
  }
}

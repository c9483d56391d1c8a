import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { emailKey } from '../accounts/email.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { hashClient } from '../passwords/fair-places.js';
import { HashQueue } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionLifetimes } from '../sessions/session-lifetimes.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { SETTINGS } from '../settings.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { type IssuedToken, mapIssuedToken } from './auth.dto.js';

const emailNotVerified = () =>
  forbidden('email_not_verified', 'Confirm your email address first, with the link that you got by mail.');

interface Credentials {
  id: string;
  /** As the account spells it. */
  email: string;
  /** Null: the account has no password. */
  passwordHash: string | null;
  status: 'active' | 'disabled';
  emailVerified: boolean;
}

/** An account whose password was just verified. */
export interface VerifiedAccount {
  accountId: string;
  /** As the account spells it. */
  email: string;
  /** The hash that was verified. */
  passwordHash: string;
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
    @Inject(SETTINGS) private readonly settings: Pick<IdentityProviderSettings, 'registration'>,
  ) {}

  /**
   * Signs in to a native account. An unknown email and a wrong password get the same reply after the same work.
   * @throws ApiError 401, 403 `account_disabled`, `email_not_verified` (only if the password is correct), 429, 503
   */
  login(email: string, password: string, audit: RequestAudit): Promise<IssuedToken> {
    return this.authenticate(email, password, audit, (account) => this.issue(account, audit));
  }

  /**
   * Verifies a password, and then starts a session.
   * @param audit the request that signs in
   * @param start returns null if the account has changed since the password was verified
   * @throws ApiError as `login`
   */
  async authenticate<T>(
    email: string,
    password: string,
    audit: RequestAudit,
    start: (account: VerifiedAccount) => Promise<T | null>,
  ): Promise<T> {
    // Tried again once if the hash was replaced concurrently, by a password change or a login (`replaceHash`).
    const started =
      (await this.tryLogin(email, password, audit, start)) ??
      (await this.tryLogin(email, password, audit, start));
    if (!started) throw unauthorized('absent');
    return started;
  }

  /** @returns null if the account changed after the comparison */
  private async tryLogin<T>(
    email: string,
    password: string,
    audit: RequestAudit,
    start: (account: VerifiedAccount) => Promise<T | null>,
  ): Promise<T | null> {
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
    if (this.settings.registration.requireVerifiedEmail && !account.emailVerified) throw emailNotVerified();
    return start({ accountId: account.id, email: account.email, passwordHash: hash });
  }

  private async issue(account: VerifiedAccount, audit: RequestAudit): Promise<IssuedToken | null> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const session = await this.sessions.open({
      ...account,
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
      text: `SELECT id, email, password_hash AS "passwordHash", status, email_verified AS "emailVerified"
        FROM identity.accounts WHERE email_key = $1`,
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

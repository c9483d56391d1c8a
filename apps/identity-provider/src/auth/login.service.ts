import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { textKey } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { codeRequired, secondFactorRequired } from '../factors/factors.errors.js';
import { HAS_SECOND_FACTOR, SecondFactors } from '../factors/second-factors.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { hashClient } from '../passwords/fair-places.js';
import { HashQueue } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import type { Requester } from '../self-service/requester.js';
import { type AuthenticationMethod, PASSWORD_ONLY } from '../sessions/authentication-methods.js';
import { SessionLifetimes } from '../sessions/session-lifetimes.js';
import { SessionOpener } from '../sessions/session-opener.js';
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
  hasSecondFactor: boolean;
  /** Whether its role, own or inherited, is one of `SECOND_FACTOR_REQUIRED`. */
  requiresSecondFactor: boolean;
}

/** An account whose password was just verified. */
export interface PasswordAccount {
  accountId: string;
  /** As the account spells it. */
  email: string;
  /** The hash that was verified. */
  passwordHash: string;
}

/** An account whose user has proved all that its sign-in asks for. */
export interface VerifiedAccount {
  accountId: string;
  email: string;
  /** The hash that was verified; left out where no password was asked for. */
  passwordHash?: string;
  amr: readonly AuthenticationMethod[];
}

/** `code`: the account has a second factor. `setup`: it has none, and its role requires one. */
export type SecondFactorNeed = 'none' | 'code' | 'setup';

/** How a sign-in goes on once the password is right. */
export interface SignInSteps<T> {
  /**
   * @returns the methods of the sign-in; or what to reply before it can go on; or `wrong`, which counts as a failed login
   */
  secondFactor(
    account: PasswordAccount,
    need: SecondFactorNeed,
  ): Promise<{ amr: readonly AuthenticationMethod[] } | { reply: T } | 'wrong'>;
  /** Starts the session. @returns null if the account has changed since the password was verified */
  start(account: VerifiedAccount): Promise<T | null>;
}

@Injectable()
export class LoginService {
  constructor(
    private readonly database: DataSource,
    private readonly throttle: LoginThrottle,
    private readonly queue: HashQueue,
    private readonly hasher: PasswordHasher,
    private readonly lifetimes: SessionLifetimes,
    private readonly sessions: SessionOpener,
    private readonly tokens: TokenIssuer,
    private readonly factors: SecondFactors,
    @Inject(SETTINGS)
    private readonly settings: Pick<IdentityProviderSettings, 'registration' | 'secondFactor'>,
  ) {}

  /**
   * Signs in to a native account. An unknown email and a wrong password get the same reply after the same work.
   * @param code of a second factor; null if none was sent
   * @throws ApiError 401 (`code_required` only if the password is correct), 403 `account_disabled`, `email_not_verified`
   *   or `second_factor_required` (likewise), 429, 503
   */
  login(email: string, password: string, code: string | null, requester: Requester): Promise<IssuedToken> {
    const { audit } = requester;
    return this.authenticate(email, password, audit, {
      secondFactor: async (account, need) => {
        if (need === 'none') return { amr: PASSWORD_ONLY };
        if (need === 'setup') throw secondFactorRequired();
        if (code === null) throw codeRequired();
        const amr = await this.factors.verifyCode(account, code, requester);
        return amr === null ? 'wrong' : { amr };
      },
      start: (account) => this.issue(account, audit),
    });
  }

  /**
   * Verifies a password and what else the account asks for, and then starts a session.
   * @param audit the request that signs in
   * @throws ApiError as `login`
   */
  async authenticate<T>(
    email: string,
    password: string,
    audit: RequestAudit,
    steps: SignInSteps<T>,
  ): Promise<T> {
    // Tried again once if the hash was replaced concurrently, by a password change or a login (`replaceHash`). The code
    // of the first try was used, so that it counts for the second one.
    const remembered = withRememberedCode(steps);
    const started =
      (await this.tryLogin(email, password, audit, remembered)) ??
      (await this.tryLogin(email, password, audit, remembered));
    if (!started) throw unauthorized('absent');
    return started;
  }

  /** @returns null if the account changed after the comparison */
  private async tryLogin<T>(
    email: string,
    password: string,
    audit: RequestAudit,
    steps: SignInSteps<T>,
  ): Promise<T | null> {
    const { address } = audit;
    const key = textKey(email);
    const hashing = hashClient(address, key);
    using attempt = await this.throttle.begin(key, address, (ahead) => this.queue.hasRoom(hashing, ahead));
    using place = this.queue.take(hashing);
    await attempt.count();

    const account = await this.findCredentials(key);
    const stored = account?.passwordHash ?? null;
    const { matches, newHash } = await this.hasher.verify(password, stored, place);
    const hash = account && stored && newHash ? await this.replaceHash(account.id, stored, newHash) : stored;
    const failed = { audit, accountId: account?.id ?? null, email: key, attempt: 'login' } as const;
    if (!matches || !account || hash === null) {
      await attempt.fail(failed);
      throw unauthorized('absent');
    }
    if (account.status !== 'active') {
      await attempt.succeed();
      throw forbidden('account_disabled', 'This account is disabled.');
    }
    if (this.settings.registration.requireVerifiedEmail && !account.emailVerified) {
      await attempt.succeed();
      throw emailNotVerified();
    }
    const known = { accountId: account.id, email: account.email, passwordHash: hash };
    // An attempt that ends here without an outcome is not counted, and does not clear the counter of wrong codes.
    const passed = await steps.secondFactor(known, needOf(account));
    if (passed === 'wrong') {
      await attempt.fail({ ...failed, attempt: 'second_factor' });
      throw unauthorized('absent');
    }
    if ('reply' in passed) return passed.reply;
    await attempt.succeed();
    return steps.start({ ...known, amr: passed.amr });
  }

  /**
   * Verifies a code of a sign-in whose password was right before. A wrong one counts as a failed login.
   * @param verify returns null for a wrong code
   * @throws ApiError 401, 429, 503
   */
  async verifySecondFactor<T>(
    { accountId, email }: { accountId: string; email: string },
    audit: RequestAudit,
    verify: () => Promise<T | null>,
  ): Promise<T> {
    const key = textKey(email);
    using attempt = await this.throttle.begin(key, audit.address);
    await attempt.count();
    const verified = await verify();
    if (verified === null) {
      await attempt.fail({ audit, accountId, email: key, attempt: 'second_factor' });
      throw unauthorized('absent');
    }
    await attempt.succeed();
    return verified;
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
      text: `SELECT a.id, a.email, a.password_hash AS "passwordHash", a.status, a.email_verified AS "emailVerified",
          ${HAS_SECOND_FACTOR} AS "hasSecondFactor", ${HAS_ROLE} AS "requiresSecondFactor"
        FROM identity.accounts a WHERE a.email_key = $1`,
      values: [key, this.settings.secondFactor.requiredRoles],
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

/** SQL: whether the role of account `a`, or one that it inherits from, has one of the names in `$2`. */
const HAS_ROLE = `a.role_id IN (
  WITH RECURSIVE named (id) AS (
    SELECT id FROM identity.roles WHERE name = ANY($2::text[])
    UNION
    SELECT r.id FROM identity.roles r JOIN named n ON r.parent_id = n.id
  )
  SELECT id FROM named)`;

function needOf({ hasSecondFactor, requiresSecondFactor }: Credentials): SecondFactorNeed {
  if (hasSecondFactor) return 'code';
  return requiresSecondFactor ? 'setup' : 'none';
}

function withRememberedCode<T>(steps: SignInSteps<T>): SignInSteps<T> {
  let verified: { amr: readonly AuthenticationMethod[] } | undefined;
  return {
    start: (account) => steps.start(account),
    secondFactor: async (account, need) => {
      if (verified) return verified;
      const passed = await steps.secondFactor(account, need);
      if (need === 'code' && passed !== 'wrong' && 'amr' in passed) verified = passed;
      return passed;
    },
  };
}

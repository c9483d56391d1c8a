import { Inject, Injectable } from '@nestjs/common';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { DataSource, type EntityManager } from 'typeorm';
import { writeAudit } from '#libs/audit/audit-writer.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { isId, newId } from '#libs/core/ids.js';
import { isUniqueViolation } from '#libs/database/errors/pg-errors.js';
import { Factor } from '#libs/database/identity/factor.entity.js';
import { Passkey } from '#libs/database/identity/passkey.entity.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { AccountNotices } from '../mail/account-notices.js';
import type { MailFactor } from '../mail/mail-kinds.js';
import type { Requester } from '../self-service/requester.js';
import type { AuthenticationMethod } from '../sessions/authentication-methods.js';
import { SETTINGS } from '../settings.js';
import { removeFactor } from './factor-removal.js';
import {
  factorEvent,
  getFactor,
  type ListedFactor,
  listFactors,
  lockFactors,
  replaceRecoveryCodes,
} from './factor-rows.js';
import { FactorSecrets } from './factor-secrets.js';
import {
  factorNotFound,
  invalidPasskey,
  noSecondFactor,
  passkeyTaken,
  setupOutdated,
  tooManyFactors,
  wrongCode,
} from './factors.errors.js';
import { methodOf, Passkeys } from './passkeys.js';
import { matchingStep, newTotpSecret, type TotpEnrolment, totpEnrolment } from './totp.js';

const MAX_FACTORS = 20;
/** How long an authenticator app waits for its first code. */
const CONFIRM_WITHIN = `interval '10 minutes'`;

/** The account of a factor. */
export interface FactorOwner {
  id: string;
  email: string;
}

/** `recoveryCodes` are there with the first second factor, and after their renewal. */
export interface AddedFactor {
  factor: ListedFactor;
  recoveryCodes: string[] | null;
}

export interface AddOptions {
  /**
   * For the first factor, which a sign-in sets up after the password alone: whether that password is still the account's.
   * @param tx holds the lock of the account
   */
  isPasswordCurrent?: (tx: EntityManager) => Promise<boolean>;
}

/** Users' changes of their own second factors, on the API and on the pages. Each is told to the owner by mail. */
@Injectable()
export class OwnFactorsService {
  constructor(
    private readonly database: DataSource,
    private readonly secrets: FactorSecrets,
    private readonly passkeys: Passkeys,
    private readonly notices: AccountNotices,
    @Inject(SETTINGS) private readonly settings: Pick<IdentityProviderSettings, 'brand'>,
  ) {}

  list(accountId: string): Promise<ListedFactor[]> {
    return listFactors(this.database.manager, accountId);
  }

  /**
   * Starts to add an authenticator app. It counts once `confirmTotp` has its first code; one that waits already is
   * replaced.
   * @throws ApiError 409 `too_many_factors`
   */
  async startTotp(owner: FactorOwner, name = 'Authenticator app'): Promise<ListedFactor & TotpEnrolment> {
    const id = newId();
    const secret = newTotpSecret();
    const encrypted = await this.secrets.encrypt(id, secret);
    const createdAt = await this.database.transaction(async (tx) => {
      await requireRoom(tx, owner.id);
      await tx.query(
        `DELETE FROM identity.factors WHERE account_id = $1 AND kind = 'totp' AND confirmed_at IS NULL`,
        [owner.id],
      );
      const row = { id, accountId: owner.id, kind: 'totp' as const, name, secret: encrypted };
      return (await tx.save(Factor, row)).createdAt as Date;
    });
    const enrolment = await totpEnrolment(secret, this.settings.brand.name, owner.email);
    return { id, kind: 'totp', name, createdAt, lastUsedAt: null, remaining: null, ...enrolment };
  }

  /** The enrolment of an authenticator app that waits for its first code; null if there is none. */
  async findWaitingTotp(owner: FactorOwner, id: string): Promise<TotpEnrolment | null> {
    const waiting = await findWaiting(this.database.manager, owner.id, id);
    if (!waiting) return null;
    return totpEnrolment(
      await this.secrets.decrypt(id, waiting.secret),
      this.settings.brand.name,
      owner.email,
    );
  }

  /**
   * Proves an authenticator app by its current code, which cannot be used again.
   * @throws ApiError 422 on `id` (`not_found`) or `code` (`wrong_code`), 409 `setup_outdated`
   */
  confirmTotp(
    owner: FactorOwner,
    id: string,
    code: string,
    requester: Requester,
    { isPasswordCurrent }: AddOptions = {},
  ): Promise<AddedFactor> {
    return this.changing(owner.id, requester, async (tx, tell) => {
      const count = await lockFactors(tx, owner.id);
      if (isPasswordCurrent) await requireSetup(tx, count, isPasswordCurrent);
      const waiting = await findWaiting(tx, owner.id, id);
      if (!waiting) throw factorNotFound();
      const secret = await this.secrets.decrypt(id, waiting.secret);
      const step = matchingStep(secret, code.replace(/[\s-]/g, ''), Date.now());
      if (step === null) throw wrongCode();
      await tx.query('UPDATE identity.factors SET confirmed_at = now(), last_step = $2 WHERE id = $1', [
        id,
        step,
      ]);
      await tell('factor-added', 'totp');
      return added(tx, owner.id, { id, isFirst: count === 0 }, requester);
    });
  }

  passkeyOptions(owner: FactorOwner): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.passkeys.addOptions(owner);
  }

  /**
   * @returns also the method that the passkey has in `amr`
   * @throws ApiError 422 `invalid_passkey` on `response`, 409 `passkey_taken`, `too_many_factors`, `setup_outdated`
   */
  async addPasskey(
    owner: FactorOwner,
    response: RegistrationResponseJSON,
    requester: Requester,
    { name = 'Passkey', isPasswordCurrent }: AddOptions & { name?: string } = {},
  ): Promise<AddedFactor & { method: AuthenticationMethod }> {
    const passkey = await this.passkeys.verifyNew(owner.id, response);
    if (!passkey) throw invalidPasskey();
    return this.changing(owner.id, requester, async (tx, tell) => {
      const count = await requireRoom(tx, owner.id);
      if (isPasswordCurrent) await requireSetup(tx, count, isPasswordCurrent);
      const id = newId();
      await tx.insert(Factor, { id, accountId: owner.id, kind: 'passkey', name, confirmedAt: new Date() });
      await tx.insert(Passkey, { factorId: id, ...passkey, counter: String(passkey.counter) });
      await tell('factor-added', 'passkey');
      const result = await added(tx, owner.id, { id, isFirst: count === 0 }, requester);
      return { ...result, method: methodOf(passkey) };
    }).catch((error: unknown) => {
      throw isUniqueViolation(error, 'passkeys_credential_id_key') ? passkeyTaken() : error;
    });
  }

  /** Replaces the recovery codes. @throws ApiError 409 `no_second_factor` */
  renewRecoveryCodes(owner: FactorOwner, requester: Requester): Promise<AddedFactor> {
    return this.changing(owner.id, requester, async (tx, tell) => {
      if ((await lockFactors(tx, owner.id)) === 0) throw noSecondFactor();
      const { id, codes } = await replaceRecoveryCodes(tx, owner.id, requester.audit);
      await tell('factor-added', 'recovery_codes');
      return { factor: await getFactor(tx, id), recoveryCodes: codes };
    });
  }

  /** @throws ApiError 404, also for a factor of another account */
  async remove(accountId: string, id: string, requester: Requester): Promise<void> {
    const removal = { audit: requester.audit, reason: 'removed_by_owner' } as const;
    await this.changing(accountId, requester, async (tx, tell) => {
      const removed = await removeFactor(tx, accountId, id, removal);
      if (removed.length === 0) throw notFound();
      // The recovery codes that go with the last factor need no mail of their own.
      const [told] = removed.filter(({ confirmed }) => confirmed);
      if (told) await tell('factor-removed', told.kind);
    });
  }

  /** @param change gets what writes a notice about a factor */
  private changing<T>(
    accountId: string,
    { language }: Requester,
    change: (tx: EntityManager, tell: Tell) => Promise<T>,
  ): Promise<T> {
    return this.database.transaction(async (tx) => {
      const to = await this.notices.recipientOf(tx, accountId);
      return change(tx, (kind, factor) => this.notices.send(tx, to, { kind, language, values: { factor } }));
    });
  }
}

type Tell = (kind: 'factor-added' | 'factor-removed', factor: MailFactor) => Promise<void>;

async function findWaiting(
  manager: EntityManager,
  accountId: string,
  id: string,
): Promise<{ secret: Buffer } | null> {
  if (!isId(id)) return null;
  const [waiting] = await manager.query(
    `SELECT secret FROM identity.factors WHERE id = $1 AND account_id = $2 AND kind = 'totp'
      AND confirmed_at IS NULL AND created_at > now() - ${CONFIRM_WITHIN}`,
    [id, accountId],
  );
  return waiting ?? null;
}

/** @returns how many second factors the account has @throws ApiError 409 `too_many_factors` */
async function requireRoom(tx: EntityManager, accountId: string): Promise<number> {
  const count = await lockFactors(tx, accountId);
  if (count >= MAX_FACTORS) throw tooManyFactors();
  return count;
}

/** @throws ApiError 409 `setup_outdated` */
async function requireSetup(
  tx: EntityManager,
  count: number,
  isPasswordCurrent: NonNullable<AddOptions['isPasswordCurrent']>,
): Promise<void> {
  if (count > 0 || !(await isPasswordCurrent(tx))) throw setupOutdated();
}

async function added(
  tx: EntityManager,
  accountId: string,
  { id, isFirst }: { id: string; isFirst: boolean },
  { audit }: Requester,
): Promise<AddedFactor> {
  const factor = await getFactor(tx, id);
  await writeAudit(tx, audit, factorEvent('factor.added', accountId, factor));
  const recovery = isFirst ? await replaceRecoveryCodes(tx, accountId, audit) : null;
  return { factor, recoveryCodes: recovery?.codes ?? null };
}

import { Injectable, Logger } from '@nestjs/common';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { errorSummary, rootCauseOf } from '#libs/observability/loggable-error.js';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import type { IssuerProfile, Profile } from '../users/profile.js';
import { ProfilesService } from '../users/profiles.service.js';

/** How long the data of a lookup are used before the issuer is asked again. */
const FRESH_MS = 60 * 60 * 1_000;

/** For data that no issuer has asserted yet: the next request asks the issuer. */
const NEVER = new Date(0);

const MAX_SERVICE_ACCOUNTS = 10_000;

export interface UnnamedCaller {
  /** Null for a service account. */
  profile: Profile | null;
  /** Why the issuer could not be asked. The profile is then unchanged, or made of the token's claims. */
  failure: unknown;
}

/**
 * Callers whose token does not name a user: a lightweight access token of Keycloak, or the refreshed or exchanged token
 * of a service account. Their issuer is asked by `sub` where there is no profile yet, and where the profile is older than
 * the token and older than an hour. Concurrent requests of one caller share one lookup.
 */
@Injectable()
export class UnnamedCallersService {
  private readonly logger = new Logger(UnnamedCallersService.name);
  private readonly lookups = new Map<string, Promise<UnnamedCaller>>();
  /** Keys of identities. A service account never becomes a person. */
  private readonly serviceAccounts = new Set<string>();

  constructor(
    private readonly profiles: ProfilesService,
    private readonly issuers: IssuerRegistry,
  ) {}

  /** @param asserted the token's claims */
  async find(asserted: IssuerProfile, audit: RequestAudit): Promise<UnnamedCaller> {
    const key = keyOf(asserted);
    if (this.serviceAccounts.has(key)) return found(null);
    const known = await this.profiles.findByIdentity(asserted.issuer, asserted.sub);
    if (known && !isOutdated(known, asserted)) return found(known);
    const lookup =
      this.lookups.get(key) ?? this.lookUp(asserted, known, audit).finally(() => this.lookups.delete(key));
    this.lookups.set(key, lookup);
    return lookup;
  }

  private async lookUp(
    asserted: IssuerProfile,
    known: Profile | null,
    audit: RequestAudit,
  ): Promise<UnnamedCaller> {
    const { issuer, sub } = asserted;
    const answer = await this.askIssuer(asserted);
    if ('failure' in answer) {
      const cause = errorSummary(rootCauseOf(answer.failure));
      this.logger.warn({
        msg: 'caller could not be looked up in Keycloak',
        request_id: audit.requestId,
        cause,
      });
      const profile = known ?? (await this.profiles.sync({ ...asserted, assertedAt: NEVER }, () => audit));
      return { profile, failure: answer.failure };
    }
    if (answer.user === 'service_account') {
      this.rememberServiceAccount(keyOf(asserted));
      if (known) await this.profiles.remove(issuer, sub, audit);
      return found(null);
    }
    // The token of a deleted user is accepted until it expires. The issuer is not asked again for an hour.
    return found(
      await this.profiles.sync(answer.user ?? { ...asserted, assertedAt: new Date() }, () => audit),
    );
  }

  private async askIssuer({ issuer, sub }: IssuerProfile) {
    try {
      return { user: await this.issuers.get(issuer).directory.findBySubject(sub) };
    } catch (failure) {
      return { failure };
    }
  }

  private rememberServiceAccount(key: string): void {
    this.serviceAccounts.add(key);
    if (this.serviceAccounts.size <= MAX_SERVICE_ACCOUNTS) return;
    const [oldest] = this.serviceAccounts;
    this.serviceAccounts.delete(oldest as string);
  }
}

/** An issuer's id has no colon, so that the key is unique. */
const keyOf = ({ issuer, sub }: IssuerProfile): string => `${issuer}:${sub}`;

const found = (profile: Profile | null): UnnamedCaller => ({ profile, failure: null });

const isOutdated = ({ status, assertedAt }: Profile, asserted: IssuerProfile): boolean =>
  status === 'active' && assertedAt < asserted.assertedAt && Date.now() - assertedAt.getTime() > FRESH_MS;

import { Injectable, Logger } from '@nestjs/common';
import { errorSummary, rootCauseOf } from '#libs/observability/loggable-error.js';
import { Directories } from '../directory/directories.js';
import type { IssuerProfile, Profile } from '../users/profile.js';
import { ProfilesService } from '../users/profiles.service.js';

/** What Keycloak last said of a person stays good for this long (ms). */
const FRESH_FOR = 60 * 60 * 1_000;

/** Keycloak has not been asked yet: the next request asks. */
const NEVER = new Date(0);

export interface UnnamedCaller {
  /** Null for a service account. */
  profile: Profile | null;
  /** Why Keycloak could not be asked: the profile is as it was, or made of what the token says. */
  failure: unknown;
}

const REMEMBERED_SERVICE_ACCOUNTS = 10_000;

/**
 * Callers whose Keycloak token does not name a person: a lightweight access token, or a refreshed or exchanged one of a
 * program. Keycloak is asked by `sub` where there is no profile yet, and where the profile is older than both the token
 * and an hour. However many requests of one caller arrive together, it is asked once.
 */
@Injectable()
export class UnnamedCallersService {
  private readonly logger = new Logger(UnnamedCallersService.name);
  private readonly asking = new Map<string, Promise<UnnamedCaller>>();
  /** Their subjects; what is a service account once stays one. */
  private readonly serviceAccounts = new Set<string>();

  constructor(
    private readonly profiles: ProfilesService,
    private readonly directories: Directories,
  ) {}

  /**
   * @param word what the token says
   * @param requestId of the request, for the log
   */
  async find(word: IssuerProfile, requestId: string): Promise<UnnamedCaller> {
    const { issuer, sub } = word;
    if (this.serviceAccounts.has(sub)) return found(null);
    const known = await this.profiles.findByIdentity(issuer, sub);
    if (known && !isOutdated(known, word)) return found(known);
    const asking =
      this.asking.get(sub) ?? this.lookUp(word, known, requestId).finally(() => this.asking.delete(sub));
    this.asking.set(sub, asking);
    return asking;
  }

  private async lookUp(
    word: IssuerProfile,
    known: Profile | null,
    requestId: string,
  ): Promise<UnnamedCaller> {
    const { issuer, sub } = word;
    const answer = await this.askKeycloak(sub);
    if ('failure' in answer) {
      const cause = errorSummary(rootCauseOf(answer.failure));
      this.logger.warn({ msg: 'caller could not be looked up in Keycloak', request_id: requestId, cause });
      const profile = known ?? (await this.profiles.ofIssuerWord({ ...word, assertedAt: NEVER }));
      return { profile, failure: answer.failure };
    }
    if (answer.user === 'service_account') {
      this.remember(sub);
      if (known) await this.profiles.remove(issuer, sub);
      return found(null);
    }
    // A token of somebody who was deleted counts until it ends, and Keycloak is not asked again for an hour.
    return found(await this.profiles.ofIssuerWord(answer.user ?? { ...word, assertedAt: new Date() }));
  }

  private async askKeycloak(sub: string) {
    try {
      return { user: (await this.directories.keycloak?.findBySubject(sub)) ?? null };
    } catch (failure) {
      return { failure };
    }
  }

  private remember(sub: string): void {
    this.serviceAccounts.add(sub);
    if (this.serviceAccounts.size <= REMEMBERED_SERVICE_ACCOUNTS) return;
    const [oldest] = this.serviceAccounts;
    this.serviceAccounts.delete(oldest as string);
  }
}

const found = (profile: Profile | null): UnnamedCaller => ({ profile, failure: null });

const isOutdated = ({ status, assertedAt }: Profile, word: IssuerProfile): boolean =>
  status === 'active' && assertedAt < word.assertedAt && Date.now() - assertedAt.getTime() > FRESH_FOR;

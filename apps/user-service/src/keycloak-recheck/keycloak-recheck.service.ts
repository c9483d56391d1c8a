import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { errorSummary, rootCauseOf } from '#libs/observability/loggable-error.js';
import { MAX_LIFETIME_SECONDS } from '#libs/verify/src/token/claims.js';
import { MAX_LOOKUP, type RecheckedSubject } from '../directory/directory.js';
import { type Issuer, IssuerRegistry } from '../directory/issuer-registry.js';
import { SETTINGS } from '../settings.js';
import { RecheckRows } from './recheck-rows.js';

/** Accepted differences between clocks. */
const LEEWAY_SECONDS = 30;
/** Requests to Keycloak in one run, one after the other: a run of a large realm continues in the next one. */
const MAX_REQUESTS = 40;
/** Rows that one query looks at, and queries in one run. */
const SCANNED = 1_000;
const MAX_SCANS = 200;

/**
 * Asks Keycloak whether people who may still have a valid token can still sign in: it announces neither a disabled nor a
 * deleted user. One replica does it at a time. See `docs/decisions/keycloak-sessions.md`.
 */
@Injectable()
export class KeycloakRecheckService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(KeycloakRecheckService.name);
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: UserServiceSettings,
    private readonly issuers: IssuerRegistry,
    private readonly database: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.keycloakRecheckSeconds === 0) return;
    for (const issuer of this.issuers.all) if (issuer.directory.statesOf) this.schedule(issuer);
  }

  onApplicationShutdown(): void {
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Looks ten times as often as it is due, so that a run that another replica could not finish is not late. */
  private schedule(issuer: Issuer): void {
    if (this.isClosed) return;
    const delay = Math.max(1_000, this.settings.keycloakRecheckSeconds * 100);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.run(issuer)
        .catch((error: unknown) => this.report(issuer, error))
        .finally(() => this.schedule(issuer));
    }, delay);
    timer.unref();
    this.timers.add(timer);
  }

  /** One run, if it is due and no other replica has taken it. */
  private async run(issuer: Issuer): Promise<void> {
    const rows = new RecheckRows(this.database, issuer.tokens.id, this.settings.keycloakRecheckSeconds);
    let position = await rows.claim();
    if (position === null) return;
    const life = Math.min(issuer.tokens.maxLifetimeSeconds, MAX_LIFETIME_SECONDS) + LEEWAY_SECONDS;
    const since = new Date(Date.now() - life * 1_000);
    await rows.forgetExpired(since);
    await this.recheck(issuer, rows, await rows.ended());
    let requests = 0;
    for (let scans = 0; scans < MAX_SCANS && requests < MAX_REQUESTS && !this.isClosed; scans++) {
      const { recent, last } = await rows.recentAfter(position, { since, scanned: SCANNED });
      requests += await this.recheck(issuer, rows, recent);
      position = last ?? '';
      await rows.advance(position);
      if (last === null) return;
    }
  }

  /** @returns the number of requests */
  private async recheck(issuer: Issuer, rows: RecheckRows, subjects: RecheckedSubject[]): Promise<number> {
    let requests = 0;
    for (let from = 0; from < subjects.length && !this.isClosed; from += MAX_LOOKUP) {
      const states = await issuer.directory.statesOf?.(subjects.slice(from, from + MAX_LOOKUP));
      requests++;
      for (const [sub, state] of states ?? []) {
        const isChanged = state === 'enabled' ? await rows.restore(sub) : await rows.end(sub, state);
        if (isChanged)
          this.logger.log({ msg: 'keycloak user changed', issuer: issuer.tokens.id, sub, state });
      }
    }
    return requests;
  }

  /** Nobody is ended because Keycloak does not answer. The next run tries again. */
  private report(issuer: Issuer, error: unknown): void {
    const cause = errorSummary(rootCauseOf(error));
    this.logger.warn({ msg: 'keycloak users could not be rechecked', issuer: issuer.tokens.id, cause });
  }
}

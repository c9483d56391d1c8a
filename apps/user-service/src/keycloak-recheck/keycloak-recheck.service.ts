import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundRunner } from '#libs/background/background-runner.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
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
export class KeycloakRecheckService implements OnModuleInit {
  private readonly logger = new Logger(KeycloakRecheckService.name);

  constructor(
    @Inject(SETTINGS) private readonly settings: UserServiceSettings,
    private readonly issuers: IssuerRegistry,
    private readonly database: DataSource,
    private readonly background: BackgroundRunner,
  ) {}

  /** Looks ten times as often as it is due, so that a run that another replica could not finish is not late. */
  onModuleInit(): void {
    const { keycloakRecheckSeconds: seconds } = this.settings;
    if (seconds === 0) return;
    for (const issuer of this.issuers.all.filter(({ directory }) => directory.statesOf)) {
      this.background.add({
        name: `${issuer.tokens.id}-recheck`,
        intervalMs: Math.max(1_000, seconds * 100),
        run: (signal) => this.run(issuer, signal),
      });
    }
  }

  /** One run, if it is due and no other replica has taken it. Nobody is ended because Keycloak does not answer. */
  private async run(issuer: Issuer, signal: AbortSignal): Promise<void> {
    const rows = new RecheckRows(this.database, issuer.tokens.id, this.settings.keycloakRecheckSeconds);
    let position = await rows.claim();
    if (position === null) return;
    const life = Math.min(issuer.tokens.maxLifetimeSeconds, MAX_LIFETIME_SECONDS) + LEEWAY_SECONDS;
    const since = new Date(Date.now() - life * 1_000);
    await rows.forgetExpired(since);
    await this.recheck(issuer, rows, { subjects: await rows.ended(), signal });
    let requests = 0;
    for (let scans = 0; scans < MAX_SCANS && requests < MAX_REQUESTS && !signal.aborted; scans++) {
      const { recent, last } = await rows.recentAfter(position, { since, scanned: SCANNED });
      requests += await this.recheck(issuer, rows, { subjects: recent, signal });
      position = last ?? '';
      await rows.advance(position);
      if (last === null) return;
    }
  }

  /** @returns the number of requests */
  private async recheck(
    issuer: Issuer,
    rows: RecheckRows,
    { subjects, signal }: { subjects: RecheckedSubject[]; signal: AbortSignal },
  ): Promise<number> {
    let requests = 0;
    for (let from = 0; from < subjects.length && !signal.aborted; from += MAX_LOOKUP) {
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
}

import type { KeySource } from '../keys/key-source.js';
import { shielded, type VerifierObserver } from '../verifier-observer.js';
import { type IssuerId, isIssuerId } from './issuer-id.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** An issuer with the keys of one verifier. */
interface OpenedIssuer {
  readonly issuer: TrustedIssuer;
  readonly keys: KeySource;
}

/** The issuers whose tokens one verifier accepts, with their keys. `close()` ends all background requests. */
export class TrustedIssuers {
  private readonly byIss: ReadonlyMap<string, OpenedIssuer>;

  /** @throws Error where there is no issuer, or two have the same id or the same `iss` */
  constructor(issuers: readonly TrustedIssuer[], observer?: VerifierObserver) {
    if (issuers.length === 0) throw new Error('A verifier needs at least one trusted issuer.');
    const malformed = issuers.find(({ id }) => !isIssuerId(id));
    if (malformed) throw new Error(`The issuer id ${JSON.stringify(malformed.id)} is not valid.`);
    if (new Set(issuers.map(({ id }) => id)).size !== issuers.length) {
      throw new Error('Two trusted issuers have the same id.');
    }
    if (new Set(issuers.map(({ iss }) => iss)).size !== issuers.length) {
      throw new Error('Two trusted issuers have the same `iss`.');
    }
    const shield = shielded(observer);
    this.byIss = new Map(issuers.map((issuer) => [issuer.iss, { issuer, keys: issuer.openKeys(shield) }]));
  }

  find(iss: unknown): OpenedIssuer | undefined {
    return typeof iss === 'string' ? this.byIss.get(iss) : undefined;
  }

  /** Milliseconds since the key set of each issuer was last fetched, for those that have fetched one. For metrics. */
  get keyAges(): { issuer: IssuerId; ageMs: number }[] {
    return [...this.byIss.values()].flatMap(({ issuer, keys }) =>
      Number.isFinite(keys.ageMs) ? [{ issuer: issuer.id, ageMs: keys.ageMs }] : [],
    );
  }

  close(): void {
    for (const { keys } of this.byIss.values()) keys.close();
  }
}

import { DEFAULT_KEYCLOAK_ISSUER, type IssuerId, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import type { Directory } from './directory.js';
import type { RightsSource } from './rights-source.js';

/** An issuer with all that user-service needs of it. */
export interface Issuer {
  /** Its id and kind, how its tokens are verified, and how its roles map. */
  readonly tokens: TrustedIssuer;
  readonly directory: Directory;
  readonly rights: RightsSource;
}

/** The issuers whose tokens are accepted, by their ids. Only this class knows which issuers there are. */
export class IssuerRegistry {
  /**
   * Every issuer that a profile may come from, Keycloak's first: a username is looked up in this order. Profiles of
   * Keycloak's users stay while Keycloak mode is off.
   */
  readonly ids: readonly IssuerId[];
  private readonly byId: ReadonlyMap<IssuerId, Issuer>;

  /** @param all in the order in which they are asked about their administrators */
  constructor(readonly all: readonly Issuer[]) {
    this.byId = new Map(all.map((issuer) => [issuer.tokens.id, issuer]));
    const realms = all.filter(({ tokens }) => tokens.kind === 'keycloak').map(({ tokens }) => tokens.id);
    this.ids = [...new Set([...realms, DEFAULT_KEYCLOAK_ISSUER, NATIVE_ISSUER])];
  }

  find(id: IssuerId): Issuer | null {
    return this.byId.get(id) ?? null;
  }

  get(id: IssuerId): Issuer {
    const issuer = this.find(id);
    if (!issuer) throw new Error(`The issuer ${id} is not configured.`);
    return issuer;
  }
}

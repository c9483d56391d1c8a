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

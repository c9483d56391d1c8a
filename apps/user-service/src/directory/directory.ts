import type { FastifyRequest } from 'fastify';
import type { EndedReason } from '#libs/database/users/ended-subject.entity.js';
import type { IssuerProfile } from '../users/profile.js';

/** The issuer-owned fields that a user may change. */
export interface NameChange {
  firstName?: string;
  lastName?: string;
}

/** What an issuer says about a subject. */
export type SubjectState = 'enabled' | EndedReason;

/** A person whose state at the issuer is asked for. */
export interface RecheckedSubject {
  sub: string;
  /** The last known one. */
  username: string | null;
  /** It is known that the issuer has deleted them. */
  isDeleted: boolean;
}

/** The most subjects that one call of `statesOf` can ask for. */
export const MAX_LOOKUP = 50;

/** The users of one issuer, with the fields that the issuer owns. */
export interface Directory {
  /**
   * Changes these names, and nothing else, in the caller's own record.
   * @returns the record as the issuer stores it afterwards
   * @throws ApiError 404: the issuer no longer has this user; 422 on the field that the issuer refuses; 503: the issuer
   *   is not available, and may or may not hold the change; repeating the call is safe
   */
  rename(caller: FastifyRequest, sub: string, change: NameChange): Promise<IssuerProfile>;

  /**
   * @returns null where the issuer has no such user, or offers no lookup
   * @throws ApiError 503
   */
  findBySubject(sub: string): Promise<IssuerProfile | 'service_account' | null>;

  /**
   * Service accounts are not found.
   * @returns null where the issuer has no such user, or offers no lookup
   * @throws ApiError 503
   */
  findByUsername(username: string): Promise<IssuerProfile | null>;

  /**
   * Whether these people can still sign in; at most `MAX_LOOKUP`. Subjects that the issuer gives no clear answer about are
   * left out. Missing where the issuer announces every change itself.
   * @throws ApiError 503
   */
  statesOf?(subjects: readonly RecheckedSubject[]): Promise<ReadonlyMap<string, SubjectState>>;

  /**
   * For health reports: whether the issuer lets this service do its work.
   * @throws Error where it does not
   */
  assertAccess(): Promise<void>;
}

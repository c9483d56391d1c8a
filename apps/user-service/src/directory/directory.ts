import type { FastifyRequest } from 'fastify';
import type { IssuerProfile } from '../users/profile.js';

/** What a person may change of the fields that his issuer owns. */
export interface NameChange {
  firstName?: string;
  lastName?: string;
}

/** Where the people of one issuer are kept, and the fields that it owns. */
export interface Directory {
  /**
   * Changes these names and nothing else of the caller's own record.
   * @returns the record as the issuer then has it
   * @throws ApiError 404: the issuer no longer knows him; 422 with the field that it refuses; 503 where it cannot
   *   be asked: then the change may hold or not, and the same call again converges
   */
  rename(caller: FastifyRequest, sub: string, change: NameChange): Promise<IssuerProfile>;
}

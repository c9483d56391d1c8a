import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';

export interface NewRevocation {
  /** The stable id, not the `iss` claim. */
  issuer: IssuerId;
  kind: 'session' | 'subject' | 'key';
  /** The token's `sid` or `sub`, or the `kid` of its header. */
  id: string;
  /** Tokens that were issued before it are refused. Null: all tokens. */
  issuedBefore: Date | null;
  /** When the last token that it concerns has expired, with the 30 s of leeway. Null: never. */
  expiresAt: Date | null;
}

/**
 * Tells all readers of `GET /authority` what has ended. Ended native sessions, and disabled or deleted accounts, are
 * recorded by triggers of the database.
 */
@Injectable()
export class RevocationsService {
  constructor(private readonly database: DataSource) {}

  /**
   * Readers know it after the commit. A repeated revocation extends the known one.
   * @param manager of the transaction to which it belongs
   */
  async revoke(
    { issuer, kind, id, issuedBefore, expiresAt }: NewRevocation,
    manager: EntityManager = this.database.manager,
  ): Promise<void> {
    await manager.query('SELECT identity.revoke($1, $2, $3, $4, $5)', [
      issuer,
      kind,
      id,
      issuedBefore,
      expiresAt,
    ]);
  }

  /** Tokens are accepted again. */
  async remove(
    { issuer, kind, id }: Pick<NewRevocation, 'issuer' | 'kind' | 'id'>,
    manager: EntityManager = this.database.manager,
  ): Promise<void> {
    await manager.query('SELECT identity.remove_revocation($1, $2, $3)', [issuer, kind, id]);
  }
}

import { Injectable } from '@nestjs/common';
import { RightsService } from '../authority/rights.service.js';
import { SessionLifetimes } from '../sessions/session-lifetimes.js';
import type { LiveSession } from '../sessions/session-opener.js';
import { type TokenClient, TokenSigner } from './token-signer.js';

export interface AccessToken {
  /** A signed JWT. */
  token: string;
  expiresAt: Date;
}

/** Issues the access tokens of sessions, with the rights that hold now. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly rights: RightsService,
    private readonly lifetimes: SessionLifetimes,
    private readonly signer: TokenSigner,
  ) {}

  /**
   * @param session as it was just opened or refreshed
   * @param issuedAt seconds since the epoch
   * @param client the OAuth client that gets the token; left out for Twinkey itself
   * @returns null if the account's role has been deleted since the session was read
   */
  async issue(session: LiveSession, issuedAt: number, client?: TokenClient): Promise<AccessToken | null> {
    const role = await this.rights.findByRoleId(session.roleId, session.authorityVersion);
    if (!role) return null;
    const { id: accountId } = session;
    const expiresAt = this.lifetimes.endOfAccessToken(issuedAt, session.expiresAt);
    const token = this.signer.sign(
      { ...session, accountId, role: role.name, permissions: role.permissions },
      { issuedAt, expiresAt },
      client,
    );
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }
}

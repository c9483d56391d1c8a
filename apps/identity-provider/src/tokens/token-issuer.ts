import { Injectable } from '@nestjs/common';
import { RightsService } from '../authority/rights.service.js';
import type { SessionAccount } from '../sessions/session-account.js';
import { type TokenLife, TokenSigner } from './token-signer.js';

/** Issues the access tokens of sessions, with the rights that hold now. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly rights: RightsService,
    private readonly signer: TokenSigner,
  ) {}

  /** The life of a token that is issued now. */
  lifeFromNow(): TokenLife {
    return this.signer.lifeFrom(Math.floor(Date.now() / 1000));
  }

  /**
   * @param session as the session service has just read it
   * @returns a signed JWT; null if the account's role has been deleted since
   */
  async issue(session: SessionAccount, life: TokenLife): Promise<string | null> {
    const role = await this.rights.findByRoleId(session.roleId, session.authorityVersion);
    if (!role) return null;
    const { id: accountId, sessionId, email, firstName, lastName } = session;
    const { name, permissions } = role;
    return this.signer.sign(
      { accountId, sessionId, email, firstName, lastName, role: name, permissions },
      life,
    );
  }
}

import { Injectable } from '@nestjs/common';
import { RightsService } from '../../authority/rights.service.js';
import { SessionLookup } from '../../sessions/session-lookup.js';
import type { TokenSubject } from '../../tokens/token-signer.js';

/** Who a token of an OAuth client is for, with the rights that hold now. */
@Injectable()
export class TokenSubjects {
  constructor(
    private readonly sessions: SessionLookup,
    private readonly rights: RightsService,
  ) {}

  /** @returns null if the session has ended, or the account is not active */
  async findPerson(sessionId: string, accountId: string): Promise<TokenSubject | null> {
    const account = await this.sessions.find(sessionId, accountId);
    const role = account && (await this.rights.findByRoleId(account.roleId, account.authorityVersion));
    if (!account || !role) return null;
    return { ...account, accountId: account.id, role: role.name, permissions: role.permissions };
  }
}

import type { Principal } from '#libs/verify/src/principal.js';
import { mapAccount } from '../accounts/accounts.dto.js';
import type { SessionAccount } from '../sessions/session-account.js';
import type { MeReply } from './own-account.dto.js';

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** @param account the account of a native caller: its names are newer than those in the token */
export function mapMeReply(caller: Principal, account: SessionAccount | null): MeReply {
  return {
    issuer: caller.issuer,
    sub: caller.sub,
    username: caller.username,
    email: caller.email,
    email_verified: caller.email_verified,
    first_name: account ? account.firstName : caller.first_name,
    last_name: account ? account.lastName : caller.last_name,
    kind: caller.kind,
    roles: caller.roles,
    permissions: caller.permissions,
    token: {
      id: caller.token.id,
      issued_at: iso(caller.token.issued_at),
      expires_at: iso(caller.token.expires_at),
    },
    account: account && mapAccount(account, { id: account.roleId, name: caller.roles[0] as string }),
  };
}

import { Injectable } from '@nestjs/common';
import type { Grant, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { DataSource } from 'typeorm';
import { errors } from '../oidc.js';
import { SCOPES } from '../scopes.js';
import { SignIns } from '../sign-ins.js';
import { currentAudit } from './current-request.js';

/** The result of the sign-in page, which oidc-provider keeps until the browser returns from it. */
export interface PageResult {
  login?: { accountId: string; ts: number; amr: string[]; acr: string; remember: boolean };
  /** The session that the page opened for this browser. */
  signIn?: { id: string };
  consent?: object;
  /** The user was asked which account to use. */
  select_account?: object;
}

/** Grants: what a client may do for a user, as long as the client's session lasts. */
@Injectable()
export class Grants {
  constructor(
    private readonly database: DataSource,
    private readonly signIns: SignIns,
  ) {}

  /**
   * The grant for an authorization request (`loadExistingGrant`). First-party clients get all scopes, others those that the
   * user allowed.
   * @param resources the identifiers of Twinkey's API
   * @returns undefined if the user has to be asked
   */
  async load(ctx: KoaContextWithOIDC, resources: readonly string[]): Promise<Grant | undefined> {
    const { client, session, account, provider, requestParamScopes } = ctx.oidc;
    if (!client || !session || !account) return undefined;
    const { signIn } = (ctx.oidc.result ?? {}) as PageResult;
    // A browser's sign-in has the id of its session.
    if (signIn) session.uid = signIn.id;
    const { accountId } = account;
    const known = [...requestParamScopes].filter((scope) => SCOPES.includes(scope));
    const { twinkey } = client as unknown as { twinkey: { id: string; firstParty: boolean } };
    const allowed = twinkey.firstParty ? SCOPES : await this.consentedScopes(accountId, twinkey.id);
    if (!known.every((scope) => allowed.includes(scope))) return undefined;
    const { email } = (await account.claims('id_token', 'email', {}, [])) as unknown as { email: string };
    const audit = { ...currentAudit(), clientId: client.clientId };
    const id = await this.signIns.openForClient(session.uid, { accountId, email }, audit);
    if (id === null) throw new errors.SessionNotFound('the sign-in has ended');
    const grant =
      (await provider.Grant.find(id)) ?? newGrant(provider, { id, accountId, clientId: client.clientId });
    grant.addOIDCScope(known);
    for (const resource of resources) grant.addResourceScope(resource, known);
    await grant.save();
    session.sidFor(client.clientId, id);
    return grant;
  }

  /** Stores that a user allows a client these scopes, besides the ones allowed earlier. */
  async consent(accountId: string, clientUuid: string, scopes: readonly string[]): Promise<void> {
    await this.database.query(
      `INSERT INTO identity.oauth_consents AS c (account_id, client_id, scopes) VALUES ($1, $2, $3)
       ON CONFLICT (account_id, client_id) DO UPDATE
         SET scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || excluded.scopes) ORDER BY 1)`,
      [accountId, clientUuid, scopes],
    );
  }

  private async consentedScopes(accountId: string, clientUuid: string): Promise<string[]> {
    const [row] = await this.database.query(
      'SELECT scopes FROM identity.oauth_consents WHERE account_id = $1 AND client_id = $2',
      [accountId, clientUuid],
    );
    return row?.scopes ?? [];
  }
}

/** oidc-provider's types leave out that a model takes its own id. */
function newGrant(
  provider: Provider,
  { id, accountId, clientId }: { id: string; accountId: string; clientId: string },
): Grant {
  const properties = { jti: id, accountId, clientId };
  return new provider.Grant(properties);
}

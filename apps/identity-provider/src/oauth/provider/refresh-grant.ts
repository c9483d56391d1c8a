import { Injectable } from '@nestjs/common';
import type { Grant, Provider, RefreshToken, TokenEndpointGrantContext } from 'oidc-provider';
import { REFRESH_REPEAT_SECONDS } from '../lifetimes.js';
import { OauthSecrets } from '../oauth-secrets.js';
import { errors } from '../oidc.js';
import { SignIns } from '../sign-ins.js';
import { withOauthErrors } from '../state/oauth-errors.js';
import { RefreshTokenStore } from '../state/refresh-token.store.js';
import { OauthAccounts } from './accounts.js';
import { currentAudit } from './current-request.js';

type RefreshContext = TokenEndpointGrantContext<{ refresh_token?: string }>;

/** oidc-provider's types leave these members of its models out; `refresh.e2e.ts` fails where they change. */
type StoredRefreshToken = RefreshToken & { consumed?: number; grantId: string };

/**
 * The grant type `refresh_token`, in place of oidc-provider's own, which ends the whole session when two tabs refresh at
 * once. Each refresh gives a new token. The one before may be repeated for a short time and gives the same successor; any
 * other reuse ends the session (RFC 9700, section 4.14.2).
 */
@Injectable()
export class RefreshGrant {
  constructor(
    private readonly secrets: OauthSecrets,
    private readonly tokens: RefreshTokenStore,
    private readonly signIns: SignIns,
    private readonly accounts: OauthAccounts,
  ) {}

  register(provider: Provider, resource: (identifier: string) => object): void {
    provider.registerGrantType<{ refresh_token?: string }>(
      'refresh_token',
      (ctx) => withOauthErrors(() => this.handle(ctx, provider, resource)),
      ['refresh_token', 'scope', 'resource'],
    );
  }

  private async handle(
    ctx: RefreshContext,
    provider: Provider,
    resource: (identifier: string) => object,
  ): Promise<void> {
    const { client, params } = ctx.oidc;
    const value = params.refresh_token;
    if (!value) throw new errors.InvalidRequest("missing required parameter(s) 'refresh_token'");
    const presented = (await provider.RefreshToken.find(value)) as StoredRefreshToken | undefined;
    if (!presented || presented.clientId !== client.clientId)
      throw new errors.InvalidGrant('refresh token is not valid');
    const grant = await provider.Grant.find(presented.grantId);
    if (!grant || grant.clientId !== client.clientId) throw new errors.InvalidGrant('the session has ended');
    const scopes = requestedScopes(params.scope, presented.scope ?? '');
    const { successor, token } = await this.rotate(ctx, value, presented, provider);
    await this.signIns.use(presented.grantId);
    await this.answer(ctx, provider, { token, successor, grant, scopes, resource });
  }

  /** @throws InvalidGrant for a reuse, which also ends the session */
  private async rotate(
    ctx: RefreshContext,
    value: string,
    presented: StoredRefreshToken,
    provider: Provider,
  ) {
    const successor = await this.secrets.successorOf(value);
    const outcome = await this.tokens.rotate(value, successor, REFRESH_REPEAT_SECONDS);
    const token = outcome === 'reused' ? undefined : await provider.RefreshToken.find(successor);
    if (!token) {
      await this.signIns.end(presented.grantId, {
        audit: currentAudit(),
        reason: 'refresh_token_reused',
      });
      provider.emit('grant.revoked', ctx, presented.grantId);
      throw new errors.InvalidGrant('refresh token already used');
    }
    ctx.oidc.entity('RefreshToken', token);
    return { successor, token: token as StoredRefreshToken };
  }

  private async answer(
    ctx: RefreshContext,
    provider: Provider,
    issue: {
      token: StoredRefreshToken;
      successor: string;
      grant: Grant;
      scopes: readonly string[];
      resource: (identifier: string) => object;
    },
  ): Promise<void> {
    const { token, grant, successor } = issue;
    const { client } = ctx.oidc;
    const identifier = [token.resource].flat()[0];
    if (ctx.oidc.params.resource !== undefined && ctx.oidc.params.resource !== identifier)
      throw new errors.InvalidTarget('the resource was not granted');
    const account = await this.accounts.find(token.accountId);
    if (!account) throw new errors.InvalidGrant('the account is no longer active');
    ctx.oidc.entity('Grant', grant);
    ctx.oidc.entity('Account', account);
    const accessToken = new provider.AccessToken({
      accountId: token.accountId,
      client,
      grantId: token.grantId,
      gty: 'refresh_token',
      sessionUid: token.sessionUid,
      sid: token.sid,
      expiresWithSession: token.expiresWithSession,
    } as never);
    Object.assign(accessToken, {
      resourceServer: new provider.ResourceServer(
        identifier as string,
        issue.resource(identifier as string) as never,
      ),
      scope: issue.scopes.join(' '),
    });
    ctx.oidc.entity('AccessToken', accessToken);
    const access = await accessToken.save();
    const idToken = issue.scopes.includes('openid')
      ? await this.idToken(ctx, provider, token, issue.scopes)
      : undefined;
    ctx.body = {
      access_token: access,
      expires_in: accessToken.expiration,
      ...(idToken === undefined ? {} : { id_token: idToken }),
      refresh_token: successor,
      scope: issue.scopes.join(' '),
      token_type: accessToken.tokenType,
    };
  }

  /** OpenID Connect Core 1.0, section 12.2: `auth_time` is that of the sign-in, and there should be no `nonce`. */
  private async idToken(
    ctx: RefreshContext,
    provider: Provider,
    token: StoredRefreshToken,
    scopes: readonly string[],
  ): Promise<string> {
    const claims = await ctx.oidc.account?.claims('id_token', scopes.join(' '), {}, []);
    const { acr, amr, authTime: auth_time } = token;
    const idToken = new provider.IdToken({ ...claims, acr, amr, auth_time }, { ctx });
    Object.assign(idToken, { scope: scopes.join(' '), mask: {}, rejected: [] });
    idToken.set('sid', token.sid);
    return idToken.issue({ use: 'idtoken' });
  }
}

/** RFC 6749, section 6: no more than was granted. */
function requestedScopes(requested: string | undefined, granted: string): string[] {
  const held = granted.split(' ').filter(Boolean);
  if (!requested) return held;
  const wanted = [...new Set(requested.split(' ').filter(Boolean))];
  const missing = wanted.filter((scope) => !held.includes(scope));
  if (missing.length > 0)
    throw new errors.InvalidScope('refresh token missing requested scopes', missing.join(' '));
  return wanted;
}

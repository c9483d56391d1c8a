import { Injectable } from '@nestjs/common';
import type { AdapterPayload, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { DataSource } from 'typeorm';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { RevocationsService } from '../../authority-feed/revocations.service.js';
import { ServiceClients } from '../../sessions/service-clients.js';
import { SessionRefresh } from '../../sessions/session-refresh.js';
import { OWN_CLIENT_ID } from '../../tokens/token-signer.js';
import { errors } from '../oidc.js';
import { currentAudit } from '../provider/current-request.js';
import { SignIns } from '../sign-ins.js';
import { withOauthErrors } from '../state/oauth-errors.js';
import { AccessTokenReader, type NativeToken } from './access-token-reader.js';
import { TokenSubjects } from './token-subjects.js';

const PREFIX = 'access_token:';
/** Verifiers accept an expired token for 30 s. */
const LEEWAY_SECONDS = 30;

/** What oidc-provider's introspection and revocation read of a token. */
interface FoundToken {
  kind: string;
  clientId?: string | undefined;
  accountId?: string;
  extra: object;
  isValid: boolean;
  destroy(): Promise<void>;
}

/**
 * Lets oidc-provider's introspection (RFC 7662) and revocation (RFC 7009) know JWTs, which it refuses before it looks them
 * up: once the client is authenticated, an access token is replaced by a handle, and the handle is answered from the
 * session.
 */
@Injectable()
export class TokenHandles {
  constructor(
    private readonly reader: AccessTokenReader,
    private readonly subjects: TokenSubjects,
    private readonly services: ServiceClients,
    private readonly refresh: SessionRefresh,
    private readonly signIns: SignIns,
    private readonly revocations: RevocationsService,
    private readonly database: DataSource,
  ) {}

  extend(provider: Provider): void {
    // oidc-provider's types leave the class of its contexts out.
    const { OIDCContext } = provider as unknown as { OIDCContext: { prototype: KoaContextWithOIDC['oidc'] } };
    const { entity } = OIDCContext.prototype;
    OIDCContext.prototype.entity = function replaceToken(this: KoaContextWithOIDC['oidc'], key, value) {
      const { params, route } = this;
      const takesToken = key === 'Client' && (route === 'introspection' || route === 'revocation');
      if (takesToken && params && isJwt(params['token'])) params['token'] = toHandle(params['token']);
      return entity.call(this, key, value);
    };
    const find = (value: unknown) =>
      withOauthErrors(async () => (typeof value === 'string' ? this.find(provider, value) : undefined));
    // Access tokens are never stored.
    provider.AccessToken.find = find as never;
    provider.ClientCredentials.find = (async () => undefined) as never;
  }

  /** Adds what a refresh token does not have itself. @returns false if its account or its client is no longer active */
  async describeRefreshToken(
    provider: Provider,
    token: { kind: string; accountId?: string; grantId?: string; clientId?: string | undefined },
  ): Promise<boolean> {
    if (token.kind !== 'RefreshToken' || token.clientId === OWN_CLIENT_ID) return true;
    if (!(await this.isActiveClient(provider, token.clientId))) return false;
    const person = await withOauthErrors(() =>
      this.subjects.findPerson(token.grantId as string, token.accountId as string),
    );
    if (!person) return false;
    Object.assign(token, { extra: { username: person.email }, aud: this.reader.audience });
    return true;
  }

  private async find(provider: Provider, handle: string): Promise<FoundToken | undefined> {
    const raw = fromHandle(handle);
    if (raw === null) return this.ofLogin(provider, handle);
    const token = await this.reader.find(raw);
    if (!token) return undefined;
    return token.kind === 'service' ? this.ofService(provider, token) : this.ofPerson(provider, token);
  }

  private async ofPerson(provider: Provider, token: NativeToken): Promise<FoundToken | undefined> {
    const { sessionId, subject, clientId } = token;
    if (sessionId === null || !(await this.isActiveClient(provider, clientId))) return undefined;
    const person = await this.subjects.findPerson(sessionId, subject);
    if (!person) return undefined;
    // Not as `accountId`: oidc-provider would look for the client, and Twinkey itself is none.
    const extra = { sub: subject, username: person.email };
    const found = new provider.AccessToken({ ...payloadOf(token), sid: sessionId } as never);
    return Object.assign(found, {
      extra,
      destroy: () => this.signIns.end(sessionId, { audit: currentAudit(), reason: 'token_revoked' }),
    });
  }

  /** A refresh token of `POST /auth/login`, which oidc-provider does not store. */
  private async ofLogin(provider: Provider, value: string): Promise<FoundToken | undefined> {
    const token = await this.refresh.findCurrent(value);
    if (!token) return undefined;
    const { id, email, sessionId, issuedAt, expiresAt } = token;
    const found = new provider.RefreshToken({
      clientId: OWN_CLIENT_ID,
      iat: toSeconds(issuedAt),
      exp: toSeconds(expiresAt),
      sid: sessionId,
    } as never);
    return Object.assign(found, {
      aud: this.reader.audience,
      extra: { sub: id, username: email },
      destroy: () => this.signIns.end(sessionId, { audit: currentAudit(), reason: 'token_revoked' }),
    }) as never;
  }

  private async isActiveClient(provider: Provider, clientId: string | null | undefined): Promise<boolean> {
    return clientId === OWN_CLIENT_ID || (await provider.Client.find(clientId ?? '')) !== undefined;
  }

  private async ofService(provider: Provider, token: NativeToken): Promise<FoundToken | undefined> {
    const { sessionId, subject } = token;
    if (!(await this.services.findService(subject, sessionId))) return undefined;
    const found = new provider.ClientCredentials({ ...payloadOf(token), sid: sessionId } as never);
    return Object.assign(found, { extra: { sub: subject }, destroy: () => this.revoke(token) });
  }

  /** Of a client's own token, which has no row in `sessions` to delete. */
  private revoke({ sessionId, subject, expiresAt }: NativeToken): Promise<void> {
    if (sessionId === null) throw new errors.UnsupportedTokenType('the token has no session');
    const actor = { issuer: NATIVE_ISSUER, sub: subject, name: null };
    const audit = { ...currentAudit(), actor, sessionId };
    const details = { reason: 'token_revoked' };
    const revoked = {
      issuer: NATIVE_ISSUER,
      kind: 'session',
      id: sessionId,
      issuedBefore: null,
      expiresAt: new Date((expiresAt + LEEWAY_SECONDS) * 1_000),
    } as const;
    return this.database.transaction(async (tx) => {
      await writeAudit(tx, audit, { action: 'session.ended', targetId: sessionId, details });
      await this.revocations.revoke(revoked, tx);
    });
  }
}

function payloadOf({ clientId, tokenId, issuedAt, expiresAt, scope, audience }: NativeToken): AdapterPayload {
  return {
    jti: tokenId ?? undefined,
    clientId: clientId ?? undefined,
    iat: issuedAt,
    exp: expiresAt,
    scope: scope ?? undefined,
    aud: audience,
  };
}

const toSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);
const isJwt = (value: unknown): value is string => typeof value === 'string' && value.split('.').length === 3;
/** Without dots, so that it does not look like a JWT. */
const toHandle = (token: string): string => PREFIX + Buffer.from(token).toString('base64url');

function fromHandle(value: string): string | null {
  return value.startsWith(PREFIX) ? Buffer.from(value.slice(PREFIX.length), 'base64url').toString() : null;
}

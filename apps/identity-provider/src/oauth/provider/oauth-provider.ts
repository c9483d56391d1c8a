import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Configuration, KoaContextWithOIDC, Provider as OidcProvider } from 'oidc-provider';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../../settings.js';
import { JwksService } from '../../tokens/jwks.service.js';
import { NativeKeysService } from '../../tokens/native-keys.service.js';
import { OWN_CLIENT_ID } from '../../tokens/token-signer.js';
import { ClientMetadataSource } from '../clients/client-metadata.js';
import { Guesses } from '../guesses.js';
import { OauthLifetimes } from '../lifetimes.js';
import { OauthSecrets } from '../oauth-secrets.js';
import { Provider } from '../oidc.js';
import { ProviderPages } from '../pages/provider-pages.js';
import { SignIns } from '../sign-ins.js';
import { OauthStateAdapter } from '../state/oauth-state.adapter.js';
import { OauthStateStore } from '../state/oauth-state.store.js';
import { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { TokenHandles } from '../tokens/token-handles.js';
import { OauthAccounts } from './accounts.js';
import { currentAudit } from './current-request.js';
import { Grants } from './grants.js';
import { pagePolicy } from './interaction-policy.js';
import { IssuerAddress } from './issuer-address.js';
import { extendModels } from './model-extensions.js';
import { fixedSettings, requireKnownScope, resourceServer, resourcesOf } from './provider-settings.js';
import { RefreshGrant } from './refresh-grant.js';
import { SigningKey } from './signing-keys.js';

/** The events of errors that are answered with JSON. */
const API_ERRORS = [
  'grant.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'introspection.error',
  'device_authorization.error',
];

/** Makes oidc-provider's `Provider` at the first request that needs it, because its cookies' keys are in the database. */
@Injectable()
export class OauthProvider {
  readonly address: IssuerAddress;
  private readonly logger = new Logger(OauthProvider.name);
  private made: Promise<OidcProvider> | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
    private readonly jwks: JwksService,
    private readonly nativeKeys: NativeKeysService,
    private readonly lifetimes: OauthLifetimes,
    private readonly secrets: OauthSecrets,
    private readonly state: OauthStateStore,
    private readonly clients: ClientMetadataSource,
    private readonly signIns: SignIns,
    private readonly accounts: OauthAccounts,
    private readonly grants: Grants,
    private readonly claims: AccessTokenClaims,
    private readonly refresh: RefreshGrant,
    private readonly handles: TokenHandles,
    private readonly pages: ProviderPages,
    private readonly guesses: Guesses,
  ) {
    this.address = new IssuerAddress(settings.signing.issuer);
    // Its keys are fixed; its state is in the database.
    nativeKeys.onChange(() => {
      this.made = undefined;
    });
  }

  /** @throws ApiError 503 if the signing key was withdrawn @throws an error of the database, which keeps the cookies' keys; the next call tries again */
  get(): Promise<OidcProvider> {
    this.made ??= this.make().catch((error: unknown) => {
      this.made = undefined;
      throw error;
    });
    return this.made;
  }

  private async make(): Promise<OidcProvider> {
    const keys = await this.secrets.cookieKeys();
    const provider = new Provider(this.settings.signing.issuer, this.configuration(keys));
    provider.proxy = true;
    extendModels(provider, {
      signIns: this.signIns,
      countWrongSecret: (clientId, audit) => this.guesses.countWrongSecret(clientId, audit),
    });
    this.handles.extend(provider);
    this.refresh.register(provider, (identifier) => this.resourceServer(identifier));
    provider.use((ctx, next) => this.pages.afterRoute(ctx as unknown as KoaContextWithOIDC, next));
    // koa's own event, for what fails outside of oidc-provider's error handling.
    provider.on(
      'error' as never,
      ((error: Error, ctx: KoaContextWithOIDC) => this.report(ctx, error)) as never,
    );
    for (const event of API_ERRORS)
      provider.on(event as 'grant.error', (ctx, error) => this.pages.setRetryAfter(ctx, error));
    provider.on('server_error', (ctx, error) => this.report(ctx, error));
    provider.on('backchannel.error', (_ctx, error, client) =>
      this.logger.warn({
        msg: 'back-channel logout failed',
        client_id: client.clientId,
        reason: error.message,
      }),
    );
    return provider;
  }

  private configuration(keys: string[]): Configuration {
    const resources = resourcesOf(this.settings);
    const { kid, privateKey } = this.nativeKeys.signing;
    const sources = {
      state: this.state,
      clients: this.clients,
      signIns: this.signIns,
      findByUserCode: (find: () => ReturnType<OauthStateStore['findByUserCode']>) =>
        this.guesses.findByUserCode(currentAudit(), find),
    };
    const fixed = fixedSettings(this.address, this.lifetimes);
    return {
      ...fixed,
      adapter: (type: string) => new OauthStateAdapter(type, sources),
      cookies: { ...fixed.cookies, keys },
      jwks: {
        keys: this.jwks.current.keys.map((jwk) => new SigningKey(jwk, jwk.kid === kid ? privateKey : null)),
      },
      findAccount: (_ctx, accountId) => this.accounts.find(accountId),
      loadExistingGrant: (ctx) => this.grants.load(ctx, resources),
      formats: {
        customizers: {
          jwt: (_ctx, token, structured) => this.claims.write(token as never, structured) as never,
        },
      },
      interactions: {
        policy: pagePolicy(),
        url: (_ctx, { uid }) => `${this.address.basePath}/oauth/interaction/${uid}`,
      },
      renderError: (ctx, out, error) => this.pages.error(ctx, out, error),
      features: {
        devInteractions: { enabled: false },
        userinfo: { enabled: false },
        dPoP: { enabled: false },
        backchannelLogout: { enabled: true },
        clientCredentials: { enabled: true },
        pushedAuthorizationRequests: { enabled: true },
        externalSigningSupport: { enabled: true, ack: 'experimental-01' },
        introspection: {
          enabled: true,
          // A public client cannot prove who asks.
          allowedPolicy: async (ctx, client, token) =>
            client.clientAuthMethod !== 'none' && this.handles.describeRefreshToken(ctx.oidc.provider, token),
        },
        revocation: {
          enabled: true,
          // RFC 7009, section 2.1. Every client may revoke a token of `POST /auth/login` that it holds.
          allowedPolicy: (_ctx, client, token) =>
            [client.clientId, OWN_CLIENT_ID].includes(token.clientId as string),
        },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => this.settings.signing.issuer,
          useGrantedResource: () => true,
          getResourceServerInfo: (ctx, identifier) => {
            requireKnownScope(ctx);
            return this.resourceServer(identifier);
          },
        },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (ctx) => this.pages.signOut(ctx),
          postLogoutSuccessSource: (ctx) => this.pages.signedOut(ctx),
        },
        deviceFlow: {
          enabled: true,
          charset: 'base-20',
          mask: '****-****',
          deviceInfo: (ctx) => ({ ip: ctx.req.audit?.address, ua: ctx.get('user-agent').slice(0, 512) }),
          userCodeInputSource: (ctx, _form, out, error) => this.pages.deviceCode(ctx, out, error),
          userCodeConfirmSource: (ctx, _form, client, deviceInfo, userCode) =>
            this.pages.deviceConfirmation(ctx, client, deviceInfo, userCode),
          successSource: (ctx) => this.pages.deviceDone(ctx),
        },
      },
    };
  }

  private resourceServer(identifier: string) {
    const { kid } = this.nativeKeys.signing;
    return resourceServer(this.settings, { lifetimes: this.lifetimes, kid }, identifier);
  }

  private report(ctx: KoaContextWithOIDC, error: Error): void {
    this.logger.error({ msg: 'request failed', request_id: ctx.res.getHeader('x-request-id'), err: error });
  }
}

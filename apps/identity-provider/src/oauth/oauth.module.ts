import { Module } from '@nestjs/common';
import { LoginModule } from '../auth/login.module.js';
import { AuthorityModule } from '../authority/authority.module.js';
import { AuthorityFeedModule } from '../authority-feed/authority-feed.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { MailModule } from '../mail/mail.module.js';
import { AccountForms } from '../self-service/account/account-forms.js';
import { AccountSignIn } from '../self-service/account/account-sign-in.js';
import { OwnAccountPages } from '../self-service/account/own-account-pages.js';
import { OwnFactorPages } from '../self-service/account/own-factor-pages.js';
import { OwnPasskeyPages } from '../self-service/account/own-passkey-pages.js';
import { RecentSignIn } from '../self-service/account/recent-sign-in.js';
import { ShownSessions } from '../self-service/account/shown-sessions.js';
import { AccountPages } from '../self-service/pages/account-pages.js';
import { SelfServiceModule } from '../self-service/self-service.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ClientMetadataSource } from './clients/client-metadata.js';
import { ClientOrigins } from './clients/client-origins.js';
import { Guesses } from './guesses.js';
import { OauthLifetimes } from './lifetimes.js';
import { FactorPages } from './pages/factor-pages.js';
import { InteractionPages } from './pages/interaction-pages.js';
import { PageRenderer } from './pages/page-renderer.js';
import { ProviderPages } from './pages/provider-pages.js';
import { SignInProgress } from './pages/sign-in-progress.js';
import { OauthAccounts } from './provider/accounts.js';
import { Grants } from './provider/grants.js';
import { OauthProvider } from './provider/oauth-provider.js';
import { RefreshGrant } from './provider/refresh-grant.js';
import { SignIns } from './sign-ins.js';
import { OauthStateStore } from './state/oauth-state.store.js';
import { RefreshTokenStore } from './state/refresh-token.store.js';
import { AccessTokenClaims } from './tokens/access-token-claims.js';
import { AccessTokenReader } from './tokens/access-token-reader.js';
import { TokenHandles } from './tokens/token-handles.js';
import { TokenSubjects } from './tokens/token-subjects.js';

/** The OpenID Provider. `oauth-routes.ts` adds its routes, which are not Nest's. */
@Module({
  imports: [
    SelfServiceModule,
    LoginModule,
    FactorsModule,
    AuthorityModule,
    AuthorityFeedModule,
    MailModule,
    SessionsModule,
    TokensModule,
  ],
  providers: [
    ...[
      OauthStateStore,
      RefreshTokenStore,
      OauthLifetimes,
      SignIns,
      Guesses,
      ClientMetadataSource,
      ClientOrigins,
    ],
    ...[OauthProvider, OauthAccounts, Grants, RefreshGrant],
    ...[TokenSubjects, AccessTokenClaims, AccessTokenReader, TokenHandles],
    ...[PageRenderer, ProviderPages, SignInProgress, FactorPages, InteractionPages, AccountPages],
    ...[AccountSignIn, AccountForms, RecentSignIn, ShownSessions],
    ...[OwnAccountPages, OwnFactorPages, OwnPasskeyPages],
  ],
})
export class OauthModule {}

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import type { Drain } from '#libs/http/application/drain.js';
import { createHttpApp } from '#libs/http/application/http-app.js';
import { startMetricsListener } from '#libs/http/application/metrics-listener.js';
import { listenOn, type RunningApp } from '#libs/http/application/running-app.js';
import { sendPrepared } from '#libs/http/replies/prepared-replies.js';
import type { Logger } from '#libs/observability/logger.js';
import { collectProcessMetrics } from '#libs/observability/metrics.js';
import { serveDocs } from '#libs/openapi/docs-pages.js';
import { docsSignIn } from '#libs/openapi/docs-sign-in.js';
import { buildOpenApiDocument } from '#libs/openapi/openapi-document.js';
import { IdentityProviderModule } from './identity-provider.module.js';
import { ClientOrigins } from './oauth/clients/client-origins.js';
import { addOauthRoutes } from './oauth/oauth-routes.js';
import { DESCRIPTION } from './openapi.js';
import { addOwnAccountRoutes } from './self-service/account/own-account-routes.js';
import { addAccountPageRoutes } from './self-service/pages/account-page-routes.js';
import { JwksService } from './tokens/jwks.service.js';

/** Starts identity-provider. @throws ListenError, and an error if the database is unavailable */
export async function startIdentityProvider(
  settings: IdentityProviderSettings,
  { logger, drain }: { logger: Logger; drain: Drain },
): Promise<RunningApp> {
  collectProcessMetrics();
  const app: NestFastifyApplication = await createHttpApp(IdentityProviderModule.forRoot(settings, drain), {
    name: 'identity-provider',
    logger,
    drain,
    trustProxy: settings.trustProxy,
    cors: {
      origins: settings.corsOrigins,
      localhost: settings.corsLocalhost,
      isAllowed: (origin) => app.get(ClientOrigins, { strict: false }).includes(origin),
    },
  });
  try {
    const jwks = app.get(JwksService, { strict: false });
    sendPrepared(app, {
      '/.well-known/jwks.json': () => jwks.current.plain,
      '/api/v1/auth/jwks': () => jwks.current.enveloped,
    });
    addOauthRoutes(app);
    addAccountPageRoutes(app);
    addOwnAccountRoutes(app);
    const signIn = docsSignIn(settings, settings.signing.issuer);
    if (settings.docs)
      serveDocs(app, buildOpenApiDocument(app, DESCRIPTION, signIn), { enabled: true, signIn });
    const url = await listenOn(app, { host: settings.host, port: settings.port, variable: 'PORT' });
    const { metricsPort, metricsHost } = settings;
    const metrics = metricsPort === null ? null : await startMetricsListener(metricsPort, metricsHost);
    return {
      name: 'identity-provider',
      addresses: [
        { label: 'identity-provider', url: `${url}/api/v1` },
        ...(settings.docs ? [{ label: 'identity-provider pages', url: `${url}/docs` }] : []),
        ...(metrics ? [{ label: 'metrics', url: metrics.url }] : []),
      ],
      close: async () => {
        await metrics?.close();
        await app.close();
      },
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

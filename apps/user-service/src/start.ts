import type { UserServiceSettings } from '#libs/config/settings.js';
import type { Drain } from '#libs/http/application/drain.js';
import { createHttpApp } from '#libs/http/application/http-app.js';
import { listenOn, type RunningApp } from '#libs/http/application/running-app.js';
import type { Logger } from '#libs/observability/logger.js';
import { collectProcessMetrics } from '#libs/observability/metrics.js';
import { serveDocs } from '#libs/openapi/docs-pages.js';
import { docsSignIn } from '#libs/openapi/docs-sign-in.js';
import { buildOpenApiDocument } from '#libs/openapi/openapi-document.js';
import { InternalModule } from './internal/internal.module.js';
import { DESCRIPTION as INTERNAL } from './internal/openapi.js';
import { DESCRIPTION } from './openapi.js';
import { UserServiceModule } from './user-service.module.js';

/** Starts user-service on its two ports. Without its database it does not start. @throws ListenError */
export async function startUserService(
  settings: UserServiceSettings,
  { logger, drain }: { logger: Logger; drain: Drain },
): Promise<RunningApp> {
  collectProcessMetrics();
  const app = await createHttpApp(UserServiceModule.forRoot(settings, drain), {
    name: 'user-service',
    logger,
    drain,
    trustProxy: settings.trustProxy,
    cors: { origins: settings.corsOrigins, localhost: settings.corsLocalhost },
  });
  try {
    const signIn = docsSignIn(settings, settings.native.issuer);
    if (settings.docs)
      serveDocs(app, buildOpenApiDocument(app, DESCRIPTION, signIn), { enabled: true, signIn });
    const url = await listenOn(app, {
      host: settings.host,
      port: settings.port,
      variable: 'USER_SERVICE_PORT',
    });
    const internal = await createHttpApp(InternalModule.of(app), {
      name: 'internal',
      logger,
      drain,
      requiresLoopbackHost: settings.internalApiToken === null,
    });
    const internalDocs = settings.docs && settings.environment !== 'production';
    try {
      if (internalDocs) serveDocs(internal, buildOpenApiDocument(internal, INTERNAL), { enabled: true });
      const internalUrl = await listenOn(internal, {
        host: settings.internalHost,
        port: settings.internalPort,
        variable: 'USER_SERVICE_INTERNAL_PORT',
      });
      return {
        name: 'user-service',
        addresses: [
          { label: 'user-service', url },
          ...(settings.docs ? [{ label: 'user-service pages', url: `${url}/docs` }] : []),
          { label: 'user-service, internal', url: internalUrl },
          ...(internalDocs ? [{ label: 'user-service, internal pages', url: `${internalUrl}/docs` }] : []),
        ],
        close: async () => {
          await internal.close();
          await app.close();
        },
      };
    } catch (error) {
      await internal.close();
      throw error;
    }
  } catch (error) {
    await app.close();
    throw error;
  }
}

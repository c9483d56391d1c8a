import { requirePermission, verifyPlugin } from '@twinkey/verify/fastify';
import Fastify from 'fastify';

/** @param {import('@twinkey/verify').Verifier} verifier */
export async function createApp(verifier) {
  const app = Fastify();

  // Every route needs a token, unless it is public.
  await app.register(verifyPlugin, { verifier });

  app.get('/health', { config: { public: true } }, async () => ({ status: 'ok' }));

  app.get('/me', async ({ caller }) => ({
    issuer: caller.issuer,
    sub: caller.sub,
    username: caller.username,
  }));

  app.get('/reports', { onRequest: requirePermission('reports:read') }, async () => [{ title: 'Sales' }]);

  return app;
}

import { requirePermission, requireToken } from '@twinkey/verify/express';
import express from 'express';

/** @param {import('@twinkey/verify').Verifier} verifier */
export function createApp(verifier) {
  const app = express();
  app.disable('x-powered-by');

  app.get('/health', (_request, response) => response.json({ status: 'ok' }));

  // Everything below needs a token.
  app.use(requireToken(verifier));

  app.get('/me', ({ caller }, response) => {
    response.json({ issuer: caller.issuer, sub: caller.sub, username: caller.username });
  });

  app.get('/reports', requirePermission('reports:read'), (_request, response) => {
    response.json([{ title: 'Sales' }]);
  });

  return app;
}

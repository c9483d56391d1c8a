import fastifyCors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

export interface CorsOptions {
  origins: string[];
  /** Also allows localhost and loopback addresses, on any port. */
  localhost: boolean;
  /** Decides on an origin that the others do not allow. */
  isAllowed?: (origin: string) => Promise<boolean>;
}

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** Allows exact origins only. Credentials are off, because tokens are sent in a header. */
export async function addCors(fastify: FastifyInstance, options: CorsOptions): Promise<void> {
  const { origins, localhost, isAllowed: isAllowedElsewhere } = options;
  const allowed = new Set(origins);
  const isAllowed = async (origin: string) =>
    allowed.has(origin) ||
    (localhost && LOCALHOST.test(origin)) ||
    (await isAllowedElsewhere?.(origin)) === true;
  await fastify.register(fastifyCors, {
    hook: 'onRequest',
    origin: (origin, decide) => {
      if (origin === undefined) return decide(null, false);
      void isAllowed(origin).then(
        (isIncluded) => decide(null, isIncluded ? origin : false),
        (error: Error) => decide(error, false),
      );
    },
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: ['ETag', 'Location', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600,
    strictPreflight: false,
  });
}

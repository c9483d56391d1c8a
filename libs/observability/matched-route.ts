import type { FastifyRequest } from 'fastify';

type MatchedRoute = FastifyRequest['routeOptions'];

declare module 'fastify' {
  interface FastifyRequest {
    /** For `matchedRoute()`. */
    cachedRoute: MatchedRoute | null;
  }
}

/** The route of a request, of which `url` is undefined where there is none. Fastify's own getter makes a new object each time. */
export function matchedRoute(request: FastifyRequest): MatchedRoute {
  request.cachedRoute ??= request.routeOptions;
  return request.cachedRoute;
}

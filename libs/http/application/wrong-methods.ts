import type { FastifyInstance } from 'fastify';
import { ApiError } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';

/** RFC 9110, section 15.5.6: a 405 names in `Allow` what the resource does take. */
export const methodNotAllowed = (allowed: readonly string[]) =>
  new ApiError(405, errorForStatus(405).errors, { allow: allowed.join(', ') });

interface Resource {
  pattern: RegExp;
  methods: Set<string>;
}

/**
 * Tells a wrong method on a path that exists (405) from a path that does not (404). The router knows routes by
 * method first, so that to it both are unknown. Neither reads a body. Call it before any route is added.
 */
export function rejectWrongMethods(fastify: FastifyInstance): void {
  const resources = new Map<string, Resource>();
  fastify.addHook('onRoute', ({ url, method }) => {
    // A wildcard is not a resource: CORS answers preflights of all paths with one.
    if (url.includes('*')) return;
    const resource = resources.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) resource.methods.add(name);
    resources.set(url, resource);
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const isParametric = request.routeOptions.url?.includes(':');
    if (!request.is404 && !isParametric) return done();
    const path = request.url.split('?', 1)[0] as string;
    // `/users/me` is a resource of its own, also for a method that `/users/:id` alone takes.
    const fixed = resources.get(path);
    const matching = request.is404 ? [...resources.values()].filter(({ pattern }) => pattern.test(path)) : [];
    const allowed = new Set(fixed ? fixed.methods : matching.flatMap(({ methods }) => [...methods]));
    const isWrong = allowed.size > 0 && !allowed.has(request.method);
    if (isWrong) return done(methodNotAllowed([...allowed].sort()));
    done(request.is404 ? errorForStatus(404) : undefined);
  });
}

function patternOf(url: string): RegExp {
  const segments = url
    .split('/')
    .map((segment) =>
      segment.startsWith(':')
        ? patternOfParameter(segment)
        : segment.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    );
  return new RegExp(`^${segments.join('/')}$`);
}

/** A malformed id names nothing: 404 for any method. */
const patternOfParameter = (segment: string): string =>
  /^:(\w+_)?id$/.test(segment) ? '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}' : '[^/]+';

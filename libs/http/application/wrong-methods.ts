import type { FastifyInstance } from 'fastify';
import { matchedRoute } from '#libs/observability/matched-route.js';
import { ApiError } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';

/** 405: `Allow` lists the methods that the resource supports (RFC 9110, section 15.5.6). */
export const methodNotAllowed = (allowed: readonly string[]) =>
  new ApiError(405, errorForStatus(405).errors, { allow: allowed.join(', ') });

interface Resource {
  pattern: RegExp;
  methods: Set<string>;
}

/**
 * Responds with 405 to an unsupported method on a known path, and with 404 to an unknown path; Fastify's router has only
 * the 404. Both respond before the body is read. Call it before any route is added.
 */
export function rejectWrongMethods(fastify: FastifyInstance): void {
  const resources = new Map<string, Resource>();
  fastify.addHook('onRoute', ({ url, method }) => {
    // CORS handles the preflights of all paths with one wildcard route.
    if (url.includes('*')) return;
    const resource = resources.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) resource.methods.add(name);
    resources.set(url, resource);
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const isParametric = matchedRoute(request).url?.includes(':');
    if (!request.is404 && !isParametric) return done();
    const queryStart = request.url.indexOf('?');
    const path = queryStart < 0 ? request.url : request.url.slice(0, queryStart);
    // `/users/me` is a separate resource, also for a method that only `/users/:id` supports.
    const fixed = resources.get(path);
    if (!fixed && !request.is404) return done();
    const matching = [...resources.values()].filter(({ pattern }) => pattern.test(path));
    const allowed = new Set(fixed ? fixed.methods : matching.flatMap(({ methods }) => [...methods]));
    const isUnsupported = allowed.size > 0 && !allowed.has(request.method);
    if (isUnsupported) return done(methodNotAllowed([...allowed].sort()));
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

/** A malformed id matches no resource, so that every method gets a 404. */
const patternOfParameter = (segment: string): string =>
  segment !== ':client_id' && /^:(\w+_)?id$/.test(segment)
    ? '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'
    : '[^/]+';

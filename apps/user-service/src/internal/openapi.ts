import type { ApiDescription } from '#libs/openapi/openapi-document.js';

export const DESCRIPTION: ApiDescription = {
  title: 'Twinkey user-service, internal',
  description: `The API of user-service for other services: profiles by username, subject or id, probes and metrics.

Do not publish this port. It does not authenticate callers unless \`INTERNAL_API_TOKEN\` is set: then every route except the probes and the authority feed needs it as bearer token.`,
  version: '1.0.0',
  tags: {
    lookups: 'Profiles, for other services.',
    authority: 'The authority feed: suspended and deleted users.',
    health: 'Probes.',
    metrics: 'For Prometheus.',
  },
  bearer: { description: '`INTERNAL_API_TOKEN`, without `Bearer`.' },
};

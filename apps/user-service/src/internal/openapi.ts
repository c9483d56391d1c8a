import type { ApiDescription } from '#libs/openapi/openapi-document.js';

export const DESCRIPTION: ApiDescription = {
  title: 'Twinkey user-service, internal',
  description: `What user-service offers to other services: profiles by username, subject or id, probes and metrics.

This port is never published. It does not authenticate its callers unless \`INTERNAL_API_TOKEN\` is set: then everything but the probes needs it as bearer token.`,
  version: '1.0.0',
  tags: {
    lookups: 'Profiles, for other services.',
    health: 'Probes.',
    metrics: 'For Prometheus.',
  },
  bearer: { description: '`INTERNAL_API_TOKEN`, without `Bearer`.' },
};

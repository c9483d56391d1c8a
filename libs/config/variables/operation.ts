import { origins, trustedProxies } from '../parse/lists.js';
import { clientId, flag, host, integer, oneOf, port } from '../parse/scalars.js';
import { BOTH_APPS, type Variables } from './variable.js';

export const operationVariables = {
  CORS_ORIGINS: {
    comment: 'The exact origins whose pages can call the API, comma-separated; * is refused.',
    parse: origins,
    defaultNote: 'none; in development localhost with any port',
    sample: 'https://app.example.com',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  TRUST_PROXY: {
    comment:
      'The proxies whose X-Forwarded-For is trusted: a number of hops, loopback, or addresses and networks, comma-separated.',
    parse: trustedProxies,
    defaultNote: 'off',
    sample: 'loopback',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  DOCS: {
    comment: 'Serves /docs, /scalar and /openapi.json (on the internal port never in production).',
    parse: flag,
    default: { development: 'true', test: 'true', production: 'false' },
    sample: 'true',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  DOCS_CLIENT_ID: {
    comment:
      'The public client with which /docs and /scalar sign in at JWT_ISSUER. Its redirect URIs are /docs/oauth2-redirect.html and /scalar/oauth2-redirect.html of each service.',
    parse: clientId,
    default: { development: 'twinkey-docs' },
    defaultNote:
      'in development twinkey-docs, which the demo seed adds; otherwise these pages only accept a token',
    sample: 'twinkey-docs',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  METRICS_PORT: {
    comment: 'A port with Prometheus metrics, for an identity-provider that runs without user-service.',
    parse: port,
    sample: '9464',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  AUDIT_RETENTION_DAYS: {
    comment:
      'How long audit events are kept, in days, at least 30. A month of events is dropped once its last one is older.',
    parse: integer(30, 36_500),
    default: '400',
    readBy: BOTH_APPS,
  },
  METRICS_HOST: {
    comment:
      'The address that METRICS_PORT binds to. The port does not authenticate its callers: restrict access to it, as to the internal port.',
    parse: host,
    default: '127.0.0.1',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  LOG_LEVEL: {
    comment: 'The log level: fatal, error, warn, info, debug, trace or silent.',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    readBy: BOTH_APPS,
  },
} satisfies Variables;

import { origins, trustedProxies } from '../parse/lists.js';
import { flag, oneOf, port } from '../parse/scalars.js';
import { BOTH_APPS, type Variables } from './variable.js';

export const operationVariables = {
  CORS_ORIGINS: {
    comment: 'The exact origins whose pages may call, comma-separated; * is refused.',
    parse: origins,
    defaultNote: "none; in development localhost's on any port",
    sample: 'https://app.example.com',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  TRUST_PROXY: {
    comment:
      "Whose X-Forwarded-For is believed: a number of hops, loopback, or proxies' addresses and networks, comma-separated.",
    parse: trustedProxies,
    defaultNote: 'off',
    sample: 'loopback',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  DOCS: {
    comment: 'Whether /docs, /scalar and /openapi.json are there (on the internal port never in production).',
    parse: flag,
    default: { development: 'true', test: 'true', production: 'false' },
    sample: 'true',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  METRICS_PORT: {
    comment: 'A loopback port with Prometheus metrics, for an identity-provider that runs alone.',
    parse: port,
    sample: '9464',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  LOG_LEVEL: {
    comment: 'fatal, error, warn, info, debug, trace or silent.',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    readBy: BOTH_APPS,
  },
} satisfies Variables;

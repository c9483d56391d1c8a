import { host, oneOf, ownSecret, port, visibleText } from '../parse/scalars.js';
import { internalBaseUrl } from '../parse/urls.js';
import { BOTH_APPS, ENVIRONMENTS, type Variables, wholeText } from './variable.js';

export const listenerVariables = {
  ENVIRONMENT: {
    comment:
      'development, test or production. Production requires https issuers, refuses sample secrets, placeholders and secrets with fewer than 16 characters, and creates neither a database nor keys.',
    parse: oneOf(...ENVIRONMENTS),
    defaultNote: '`NODE_ENV`, otherwise `development`',
    sample: 'development',
    readBy: BOTH_APPS,
  },
  HOST: {
    comment: 'The address that the public listeners bind to.',
    parse: host,
    default: { development: '127.0.0.1', test: '0.0.0.0', production: '0.0.0.0' },
    sample: '0.0.0.0',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  PORT: {
    comment: 'The port of identity-provider; 0 chooses a free port.',
    parse: port,
    default: '8001',
    readBy: BOTH_APPS,
  },
  USER_SERVICE_PORT: {
    comment: 'The public port of user-service.',
    parse: port,
    default: '3000',
    readBy: ['user-service'],
  },
  USER_SERVICE_INTERNAL_PORT: {
    comment: 'The internal port of user-service, for other services and for metrics. Never publish it.',
    parse: port,
    default: '3001',
    readBy: ['user-service'],
  },
  USER_SERVICE_INTERNAL_HOST: {
    comment: 'The address that the internal listener binds to.',
    parse: host,
    default: '127.0.0.1',
    readBy: ['user-service'],
  },
  INTERNAL_API_TOKEN: {
    comment: 'If set, the internal port requires it as a bearer token, except for /health*.',
    parse: ownSecret(visibleText),
    sample: 'change-me-in-production',
    commentedOut: true,
    secretsIn: wholeText,
    readBy: ['user-service'],
  },
  AUTHORITY_FEED_TOKEN: {
    comment:
      'The bearer token for GET /authority, which tells services what has been revoked. If unset, the feed is off, and user-service asks identity-provider for permissions instead.',
    parse: ownSecret(visibleText),
    defaultNote: 'generated in development',
    sample: 'change-me-to-a-random-token',
    commentedOut: true,
    secretsIn: wholeText,
    readBy: BOTH_APPS,
  },
  IDENTITY_PROVIDER_URL: {
    comment: 'The URL of identity-provider for user-service; can be http and private.',
    parse: internalBaseUrl,
    default: 'http://127.0.0.1:{PORT}',
    sample: 'http://127.0.0.1:8001',
    commentedOut: true,
    readBy: ['user-service'],
  },
} satisfies Variables;

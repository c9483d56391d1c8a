import { host, oneOf, ownSecret, port, word } from '../parse/scalars.js';
import { internalBaseUrl } from '../parse/urls.js';
import { BOTH_APPS, ENVIRONMENTS, type Variables, wholeText } from './variable.js';

export const listenerVariables = {
  ENVIRONMENT: {
    comment:
      'development, test or production; it alone decides. Production demands https issuers, refuses sample secrets, placeholders and secrets of under 16 characters, and makes neither a database nor keys.',
    parse: oneOf(...ENVIRONMENTS),
    defaultNote: '`NODE_ENV`, else `development`',
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
    comment: 'The port of identity-provider; 0 takes a free one.',
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
    comment: 'Where set, the internal port asks for it as a bearer token (/health* aside).',
    parse: ownSecret(word),
    sample: 'change-me-in-production',
    commentedOut: true,
    secretsIn: wholeText,
    readBy: ['user-service'],
  },
  IDENTITY_PROVIDER_URL: {
    comment: 'Where user-service reaches identity-provider; may be http and private.',
    parse: internalBaseUrl,
    default: 'http://127.0.0.1:{PORT}',
    sample: 'http://127.0.0.1:8001',
    commentedOut: true,
    readBy: ['user-service'],
  },
} satisfies Variables;

import type { CommonSettings } from './settings.js';
import { complete, type SettingsReader } from './settings-reader.js';

export function commonSettings(reader: SettingsReader): CommonSettings | undefined {
  return complete({
    environment: reader.environment,
    host: reader.required('HOST'),
    corsOrigins: reader.or('CORS_ORIGINS', []),
    corsLocalhost: reader.environment === 'development' && reader.optional('CORS_ORIGINS') === null,
    trustProxy: reader.or('TRUST_PROXY', false),
    docs: reader.required('DOCS'),
    docsClientId: reader.optional('DOCS_CLIENT_ID'),
    logLevel: reader.required('LOG_LEVEL'),
    auditRetentionDays: reader.required('AUDIT_RETENTION_DAYS'),
    authorityFeedToken: reader.optional('AUTHORITY_FEED_TOKEN'),
  });
}

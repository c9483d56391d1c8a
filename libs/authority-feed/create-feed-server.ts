import type { Drain } from '#libs/http/application/drain.js';
import { DEFAULT_KEYCLOAK_ISSUER, type IssuerId, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { AuthorityPublisher, type AuthorityPublisherOptions } from './authority-publisher.js';
import { FeedServer } from './feed-server.js';

/** What both applications' settings have. */
interface FeedSettings {
  /** Null: the feed is off. */
  authorityFeedToken: string | null;
  databaseUrl: string;
  /** Null: only PgBouncer is known. */
  database: { directUrl: string | null };
  keycloak: { issuer: string } | null;
}

/**
 * Makes the authority feed of one application.
 * @param source.nativeIssuer the `iss` claim of native tokens
 */
export function createFeedServer(
  { authorityFeedToken, databaseUrl, database, keycloak }: FeedSettings,
  { nativeIssuer, ...source }: Pick<AuthorityPublisherOptions, 'app' | 'tables'> & { nativeIssuer: string },
  drain: Drain,
): FeedServer {
  if (authorityFeedToken === null) return new FeedServer(null, drain);
  const issuers = new Map<IssuerId, string>([[NATIVE_ISSUER, nativeIssuer]]);
  if (keycloak) issuers.set(DEFAULT_KEYCLOAK_ISSUER, keycloak.issuer);
  const { directUrl } = database;
  const publisher = new AuthorityPublisher({
    ...source,
    databaseUrl: directUrl ?? databaseUrl,
    pooled: directUrl === null,
    issuers,
  });
  return new FeedServer(publisher, drain);
}

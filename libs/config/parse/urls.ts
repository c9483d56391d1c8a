import { postgresHostUrls } from '#libs/core/postgres-hosts.js';
import type { Environment, EnvironmentName } from '../environment.js';
import { InvalidValue } from '../settings-error.js';
import { afterAuthority, decodedPassword, isEncoded, unescaped } from './url-credentials.js';

const SAMPLE = 'postgres://user:password@host:5432/database';
const SAMPLE_LIST = 'postgres://user:password@host1:5432,host2:5432/database';
const SOCKET = 'socket.invalid';

/** An http or https URL without user, query and fragment. It is not normalized: a token's `iss` is compared as text. */
export function issuerUrl(text: string, environment: EnvironmentName): string {
  const { protocol } = httpUrl(text);
  if (environment === 'production' && protocol !== 'https:') {
    throw new InvalidValue('must be an https URL in production');
  }
  return text;
}

/**
 * A URL for browsers and tokens: https in production, without a trailing slash. Scheme and host are converted to lower case
 * and a default port is removed, like Keycloak does in `iss`.
 */
export function publicBaseUrl(text: string, environment: EnvironmentName): string {
  issuerUrl(text, environment);
  const path = /^\w+:\/\/[^/]*(.*)$/.exec(text)?.[1] ?? '';
  return withoutTrailingSlash(new URL(text).origin + path);
}

/** A URL for services, which can be http and private. Without a trailing slash. */
export function internalBaseUrl(text: string): string {
  httpUrl(text);
  return withoutTrailingSlash(text);
}

/** The http or https URL of one document. */
export function documentUrl(text: string): string {
  httpUrl(text);
  return text;
}

/** A Postgres URL with a host or several, or a socket folder as `?host=`, and a database. */
export function databaseUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//i.test(text)) {
    throw new InvalidValue(`must be a URL such as ${SAMPLE}`);
  }
  const rest = afterAuthority(text);
  const hosts = postgresHostUrls(text);
  const url = postgresUrl(hosts[0] as string);
  const parts = url ? [url.username, url.password, url.hostname, url.pathname, url.search] : [text];
  if (/[@#]/.test(rest) || /[\s\p{Cc}]/u.test(text) || !parts.every(isEncoded)) {
    throw unescaped();
  }
  for (const one of hosts) requireHost(postgresUrl(one), hosts.length > 1);
  if ((url?.pathname.length ?? 0) < 2) {
    throw new InvalidValue('must contain a database name after the host');
  }
  return text;
}

/** Like `databaseUrl`, with one host. */
export function singleHostUrl(text: string): string {
  if (postgresHostUrls(databaseUrl(text)).length > 1) throw new InvalidValue('must contain only one host');
  return text;
}

function requireHost(url: URL | null, isListed: boolean): void {
  if (isListed && (!url?.hostname || url.hostname === SOCKET || url.searchParams.has('host'))) {
    throw new InvalidValue(`must name each of its hosts, such as ${SAMPLE_LIST}`);
  }
  if (!url) {
    throw new InvalidValue(
      `must be a URL such as ${SAMPLE}, or for a Unix socket postgres://user:password@/database?host=/var/run/postgresql, with percent-encoded parts`,
    );
  }
  if (['', SOCKET].includes(url.hostname) && !url.searchParams.get('host')) {
    throw new InvalidValue('must contain a host');
  }
}

/**
 * The passwords that pg may use with a Postgres URL: those in the URL, otherwise PGPASSWORD. Empty if the text is not a
 * URL.
 */
export function passwordsIn(text: string, env: Environment): string[] {
  const url = postgresUrl(postgresHostUrls(text)[0] as string);
  if (!url) {
    return [];
  }
  const own = decodedPassword(url);
  const given = [own, ...url.searchParams.getAll('password')].filter((password) => password !== '');
  return given.length > 0 ? given : [env['PGPASSWORD'] ?? ''];
}

/**
 * Parses a Postgres URL like pg does; null if it is invalid. The URL class does not allow a user without a host, which
 * socket URLs have (`postgres://user@/database?host=/folder`): they get the host `SOCKET`.
 */
export function postgresUrl(text: string): URL | null {
  const known = URL.canParse(text) ? text : text.replace(/^(\w+:\/\/[^/?#]*@)\//, `$1${SOCKET}/`);
  return URL.canParse(known) ? new URL(known) : null;
}

/** The URL class corrects some errors (spaces, backslashes, a missing slash), so the text is checked first. */
function httpUrl(text: string): URL {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.includes('\\') || !URL.canParse(text)) {
    throw new InvalidValue('must be an http or https URL');
  }
  // The text is checked, because the parsed URL does not show an empty user, query or fragment, and a password with an
  // unescaped "/" becomes part of its path.
  if (/[?#@]/.test(text)) {
    throw new InvalidValue('must be a URL without user, query and fragment');
  }
  return new URL(text);
}

function withoutTrailingSlash(text: string): string {
  return text.replace(/\/+$/, '');
}

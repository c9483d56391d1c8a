import type { Environment, EnvironmentName } from '../environment.js';
import { InvalidValue } from '../settings-error.js';

const SAMPLE = 'postgres://user:password@host:5432/database';
const SOCKET = 'socket.invalid';

/** An http or https URL without user, query and fragment, exactly as written: a token's `iss` is compared as text. */
export function issuerUrl(text: string, environment: EnvironmentName): string {
  const { protocol } = httpUrl(text);
  if (environment === 'production' && protocol !== 'https:') {
    throw new InvalidValue('must be an https URL in production');
  }
  return text;
}

/**
 * What browsers and tokens see, https in production; without a trailing slash. Scheme and host are in lower case and a
 * default port is left out, as Keycloak writes them in `iss`.
 */
export function publicBaseUrl(text: string, environment: EnvironmentName): string {
  issuerUrl(text, environment);
  const path = /^\w+:\/\/[^/]*(.*)$/.exec(text)?.[1] ?? '';
  return withoutTrailingSlash(new URL(text).origin + path);
}

/** What the services alone reach: may be http and private. Without a trailing slash. */
export function internalBaseUrl(text: string): string {
  httpUrl(text);
  return withoutTrailingSlash(text);
}

/** The whole address of one document, http or https. */
export function documentUrl(text: string): string {
  httpUrl(text);
  return text;
}

/** A Postgres URL that names a host, or a socket folder as `?host=`, and a database. */
export function databaseUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//i.test(text)) {
    throw new InvalidValue(`must be a URL such as ${SAMPLE}`);
  }
  // A "/", "?" or "#" within the password ends what is read as user and host: the "@" then comes after it.
  const [, rest = ''] = /^\w+:\/\/[^/?#]*(.*)$/s.exec(text) ?? [];
  const url = postgresUrl(text);
  const parts = url ? [url.username, url.password, url.hostname, url.pathname, url.search] : [text];
  if (/[@#]/.test(rest) || /[\s\p{Cc}]/u.test(text) || !parts.every(isEncoded)) {
    throw new InvalidValue(
      'has unescaped special characters: those of the user and the password must be percent-encoded ("@" as %40, "/" as %2F, "?" as %3F, "#" as %23, "%" as %25, a space as %20)',
    );
  }
  if (!url) {
    throw new InvalidValue(
      `must be a URL such as ${SAMPLE}, or for a Unix socket postgres://user:password@/database?host=/var/run/postgresql, its parts percent-encoded`,
    );
  }
  if (['', SOCKET].includes(url.hostname) && !url.searchParams.get('host')) {
    throw new InvalidValue('must name a host');
  }
  if (url.pathname.length < 2) {
    throw new InvalidValue('must name a database after the host');
  }
  return text;
}

/**
 * The passwords that pg may use with a Postgres URL: its own and `?password=`, or where it has none PGPASSWORD. None where
 * the text is no URL.
 */
export function passwordsIn(text: string, env: Environment): string[] {
  const url = postgresUrl(text);
  if (!url) {
    return [];
  }
  const own = isEncoded(url.password) ? decodeURIComponent(url.password) : url.password;
  const given = [own, ...url.searchParams.getAll('password')].filter((password) => password !== '');
  return given.length > 0 ? given : [env['PGPASSWORD'] ?? ''];
}

/**
 * A Postgres URL as pg reads it, or null. The URL class knows no user without a host, as URLs of sockets have it
 * (`postgres://user@/database?host=/folder`): there the host is `SOCKET`.
 */
export function postgresUrl(text: string): URL | null {
  const known = URL.canParse(text) ? text : text.replace(/^(\w+:\/\/[^/?#]*@)\//, `$1${SOCKET}/`);
  return URL.canParse(known) ? new URL(known) : null;
}

/** The URL class repairs much (spaces, backslashes, a missing slash), so the text is looked at first. */
function httpUrl(text: string): URL {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.includes('\\') || !URL.canParse(text)) {
    throw new InvalidValue('must be an http or https URL');
  }
  // Looked for in the text: an empty user, query or fragment leaves no trace in the parsed URL, and a password with an
  // unescaped "/" seems to be part of the path.
  if (/[?#@]/.test(text)) {
    throw new InvalidValue('must be a URL without user, query and fragment');
  }
  return new URL(text);
}

function withoutTrailingSlash(text: string): string {
  return text.replace(/\/+$/, '');
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

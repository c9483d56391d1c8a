import type { Environment, EnvironmentName } from '../environment.js';
import { InvalidValue } from '../settings-error.js';

/** An http or https URL without user, query and fragment, exactly as written: a token's `iss` is compared as text. */
export function issuerUrl(text: string, environment: EnvironmentName): string {
  const { protocol } = httpUrl(text);
  if (environment === 'production' && protocol !== 'https:') {
    throw new InvalidValue('must be an https URL in production');
  }
  return text;
}

/** What browsers and tokens see, https in production; without a trailing slash. */
export function publicBaseUrl(text: string, environment: EnvironmentName): string {
  return withoutTrailingSlash(issuerUrl(text, environment));
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
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new InvalidValue(
      'must be a URL such as postgres://user:password@host:5432/database, its parts percent-encoded',
    );
  }
  if (url.hostname === '' && !url.searchParams.get('host')) {
    throw new InvalidValue('must name a host');
  }
  if (url.pathname.length < 2) {
    throw new InvalidValue('must name a database after the host');
  }
  if (![url.username, url.password, url.pathname].every(isEncoded)) {
    throw new InvalidValue('must have its parts percent-encoded ("%" is "%25")');
  }
  return text;
}

/**
 * The passwords that pg may use with a Postgres URL: its own and `?password=`, or where it has none PGPASSWORD. None where
 * the text is no URL.
 */
export function passwordsIn(text: string, env: Environment): string[] {
  if (!URL.canParse(text)) {
    return [];
  }
  const url = new URL(text);
  const own = isEncoded(url.password) ? decodeURIComponent(url.password) : url.password;
  const given = [own, ...url.searchParams.getAll('password')].filter((password) => password !== '');
  return given.length > 0 ? given : [env['PGPASSWORD'] ?? ''];
}

/** The URL class repairs much (spaces, backslashes, a missing slash), so the text is looked at first. */
function httpUrl(text: string): URL {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.includes('\\') || !URL.canParse(text)) {
    throw new InvalidValue('must be an http or https URL');
  }
  const url = new URL(text);
  // Looked for in the text: an empty user, query or fragment leaves no trace in the parsed URL.
  if (/[?#]/.test(text) || /^[^/]*\/\/[^/]*@/.test(text)) {
    throw new InvalidValue('must be a URL without user, query and fragment');
  }
  return url;
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

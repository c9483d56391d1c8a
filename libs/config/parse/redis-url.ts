import { InvalidValue } from '../settings-error.js';

const SAMPLE = 'rediss://user:password@host:6379/0';

/** A URL of a Redis server: `redis[s]://[user[:password]@]host[:port][/database]`. */
export function redisUrl(text: string): string {
  const url = /^rediss?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text) ? new URL(text) : null;
  // An unescaped "/", "?" or "#" in the password ends the authority part: the "@" is then in the rest.
  const [, rest = ''] = /^\w+:\/\/[^/?#]*(.*)$/s.exec(text) ?? [];
  if (/[@?#]/.test(rest) || !isEncoded(text)) {
    throw new InvalidValue(
      'has unescaped special characters: in user and password they must be percent-encoded ("@" as %40, "/" as %2F, "?" as %3F, "#" as %23, "%" as %25, a space as %20)',
    );
  }
  if (!url?.hostname || !/^\/?\d*$/.test(url.pathname)) {
    throw new InvalidValue(`must be a URL such as ${SAMPLE}`);
  }
  return text;
}

/** The password in a Redis URL. */
export function redisPasswordsIn(text: string): string[] {
  const password = URL.canParse(text) ? new URL(text).password : '';
  if (password === '') return [];
  return [isEncoded(password) ? decodeURIComponent(password) : password];
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

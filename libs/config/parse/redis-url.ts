import { InvalidValue } from '../settings-error.js';
import { afterAuthority, decodedPassword, isEncoded, unescaped } from './url-credentials.js';

const SAMPLE = 'rediss://user:password@host:6379/0';

/** A URL of a Redis server: `redis[s]://[user[:password]@]host[:port][/database]`. */
export function redisUrl(text: string): string {
  const url = /^rediss?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (/[@?#]/.test(afterAuthority(text)) || !isEncoded(text)) throw unescaped();
  if (!url?.hostname || !/^\/?\d*$/.test(url.pathname)) {
    throw new InvalidValue(`must be a URL such as ${SAMPLE}`);
  }
  return text;
}

/** The password in a Redis URL. */
export function redisPasswordsIn(text: string): string[] {
  const password = URL.canParse(text) ? decodedPassword(new URL(text)) : '';
  return password === '' ? [] : [password];
}

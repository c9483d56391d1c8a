import { isIP } from 'node:net';
import type { EnvironmentName } from '../environment.js';
import { InvalidValue } from '../settings-error.js';

/** A whole number from `from` to `to`, in digits alone. */
export function integer(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= from && value <= to)) {
      throw new InvalidValue(`must be a whole number from ${from} to ${to}`);
    }
    return value;
  };
}

/** A TCP port; 0 is any free one. */
export const port = integer(0, 65_535);

/** Days, fractions allowed, over 0 and at most `most`; the result is whole seconds, one at least. */
export function days(most: number): (text: string) => number {
  return (text) => {
    const value = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= most)) {
      throw new InvalidValue(`must be a number over 0 and at most ${most}, such as 7 or 0.5`);
    }
    return Math.max(1, Math.round(value * 86_400));
  };
}

export function oneOf<const T extends string>(...values: T[]): (text: string) => T {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) {
      throw new InvalidValue(
        values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`,
      );
    }
    return value;
  };
}

export function flag(text: string): boolean {
  return ['true', 'on'].includes(oneOf('true', 'false', 'on', 'off')(text.toLowerCase()));
}

/** The address or name that a listener binds to; an IPv6 address may be in brackets, as in URLs. */
export function host(written: string): string {
  const text = written.replace(/^\[(.*:.*)\]$/, '$1');
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
  const isName =
    text.length <= 253 && new RegExp(`^(?:${label}\\.)*${label}$`).test(text) && !/(^|\.)\d+$/.test(text);
  if (isIP(text) === 0 && !isName) {
    throw new InvalidValue('must be an IP address or a host name');
  }
  return text;
}

/** One word of visible ASCII: an audience, a client id, a bearer token. */
export function word(text: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) {
    throw new InvalidValue('must be 1 to 255 visible ASCII characters without spaces');
  }
  return text;
}

/** A secret that is sent as it is, form-encoded: any text that holds no control characters. */
export function secret(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new InvalidValue('must not hold control characters');
  }
  return text;
}

/** Production wants a secret that nobody can guess: 16 characters at least. */
export function ownSecret(parse: (text: string) => string) {
  return (text: string, environment: EnvironmentName): string => {
    if (environment === 'production' && text.length < 16) {
      throw new InvalidValue('must have 16 characters at least in production');
    }
    return parse(text);
  };
}

/** A Keycloak realm's name: whatever Keycloak takes, but for control characters. URLs hold it percent-encoded. */
export function realmName(text: string): string {
  if (!/^(?!\.{1,2}$)[^\p{Cc}\\:/?#[\]@!$&()*+,;=]{1,255}$/u.test(text)) {
    throw new InvalidValue(
      'must be a name that Keycloak takes: without \\ : / ? # [ ] @ ! $ & ( ) * + , ; =',
    );
  }
  return text;
}

import { isIP } from 'node:net';
import type { EnvironmentName } from '../environment.js';
import { InvalidValue } from '../settings-error.js';

/** An integer from `from` to `to`, written with digits only. */
export function integer(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= from && value <= to)) {
      throw new InvalidValue(`must be an integer from ${from} to ${to}`);
    }
    return value;
  };
}

/** A TCP port; 0 means any free port. */
export const port = integer(0, 65_535);

/** Days, with fractions, greater than 0 and at most `maximum`; the result is in seconds, at least 1. */
export const days = (maximum: number) => duration(86_400, maximum);

/** Minutes, like `days`. */
export const minutes = (maximum: number) => duration(60, maximum);

function duration(unitSeconds: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= maximum)) {
      throw new InvalidValue(`must be a number greater than 0 and at most ${maximum}, such as 7 or 0.5`);
    }
    return Math.max(1, Math.round(value * unitSeconds));
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

/** The address or name that a listener binds to; an IPv6 address can be in brackets, like in URLs. */
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

/** Visible ASCII without spaces: an audience, a client id, a bearer token. */
export function visibleText(text: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) {
    throw new InvalidValue('must be 1 to 255 visible ASCII characters without spaces');
  }
  return text;
}

/** A secret that is sent form-encoded: any text without control characters. */
export function secret(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new InvalidValue('must not contain control characters');
  }
  return text;
}

/** The path of a file: any text without control characters. */
export const filePath = secret;

/** In production, a secret must have at least 16 characters, so that it cannot be guessed. */
export function ownSecret(parse: (text: string) => string) {
  return (text: string, environment: EnvironmentName): string => {
    if (environment === 'production' && text.length < 16) {
      throw new InvalidValue('must have at least 16 characters in production');
    }
    return parse(text);
  };
}

/** A realm name that Keycloak accepts, without control characters. It is percent-encoded in URLs. */
export function realmName(text: string): string {
  if (!/^(?!\.{1,2}$)[^\p{Cc}\\:/?#[\]@!$&()*+,;=]{1,255}$/u.test(text)) {
    throw new InvalidValue(
      'must be a name that Keycloak accepts: without \\ : / ? # [ ] @ ! $ & ( ) * + , ; =',
    );
  }
  return text;
}

/** The id of an OAuth client. */
export function clientId(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(text))
    throw new InvalidValue('must have 1 to 64 letters, digits, ".", "_" or "-"');
  return text;
}

import { isIP } from 'node:net';
import { type PublicKey, parsePublicKey } from '../keys.js';
import { InvalidValue } from '../settings-error.js';
import { visibleText } from './scalars.js';

/** The format of Twinkey role names. */
const ROLE_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Comma-separated exact origins, in the format that browsers send. */
export function origins(text: string): string[] {
  return unique(entries(text, origin));
}

/** The trusted proxies: a number of hops, or `loopback`, addresses and networks. Trusting all addresses is refused. */
export function trustedProxies(text: string): false | number | string[] {
  if (/^(false|0)$/i.test(text)) {
    return false;
  }
  if (/^\d+$/.test(text)) {
    const hops = Number(text);
    if (hops > 32) {
      throw new InvalidValue('must be at most 32 hops');
    }
    return hops;
  }
  return unique(entries(text, proxy));
}

/** `keycloak-role=twinkey-role`, comma-separated; split at the last `=`, which a Twinkey role cannot contain. */
export function roleMap(text: string): ReadonlyMap<string, string> {
  const pairs = entries(text, (entry) => splitAtLast(entry, '=', 'must be keycloak-role=twinkey-role'));
  pairs.forEach(([, role], index) => {
    if (!ROLE_NAME.test(role)) {
      throw new InvalidValue(`must map to role names of letters, digits, "_" and "-" (entry ${index + 1})`);
    }
  });
  return mapOf(pairs, 'must contain each Keycloak role only once');
}

/** Comma-separated names of Twinkey roles. */
export function roleNames(text: string): string[] {
  return unique(
    entries(text, (entry) => {
      if (!ROLE_NAME.test(entry)) {
        throw new InvalidValue('must contain role names of letters, digits, "_" and "-"');
      }
      return entry;
    }),
  );
}

/** Comma-separated ids of OAuth clients. */
export function clientIds(text: string): string[] {
  return unique(entries(text, visibleText));
}

/** `kid:base64pem`, comma-separated; split at the last colon, because a kid can contain one and base64 cannot. */
export function publicKeys(text: string): PublicKey[] {
  const keys = entries(text, (entry) => {
    const [id, base64] = splitAtLast(entry, ':', 'must be kid:base64pem');
    return { kid: keyId(id), ...parsePublicKey(base64) };
  });
  mapOf(
    keys.map(({ kid, key }) => [kid, key]),
    'must contain each kid only once',
  );
  return keys;
}

/** A key id. It is part of token headers and of the comma-separated list of keys. */
export function keyId(text: string): string {
  if (!/^[\x21-\x2b\x2d-\x7e]{1,128}$/.test(text)) {
    throw new InvalidValue('must have a kid of 1 to 128 visible ASCII characters, without spaces and commas');
  }
  return text;
}

function origin(entry: string): string {
  if (entry.includes('*')) {
    throw new InvalidValue('must contain exact origins; * is refused');
  }
  const url = URL.canParse(entry) ? new URL(entry) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== entry) {
    throw new InvalidValue(
      'must contain origins such as https://app.example.com: no path, no trailing slash, lower case',
    );
  }
  return entry;
}

function proxy(entry: string): string {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  const isNetwork =
    prefix === undefined ||
    (/^\d{1,3}$/.test(prefix) && isBetween(Number(prefix), 1, family === 4 ? 32 : 128));
  if (entry !== 'loopback' && (family === 0 || !isNetwork || rest.length > 0)) {
    throw new InvalidValue(
      'must be a number of hops, loopback, or addresses such as 10.0.0.0/8; trusting all addresses is refused',
    );
  }
  return entry;
}

/** Parses each entry of a comma-separated list. An error contains the number of the entry. */
function entries<T>(text: string, parse: (entry: string) => T): T[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part, index) => {
      try {
        return parse(part);
      } catch (error) {
        throw error instanceof InvalidValue
          ? new InvalidValue(`${error.message} (entry ${index + 1})`)
          : error;
      }
    });
}

function splitAtLast(entry: string, separator: string, message: string): [string, string] {
  const index = entry.lastIndexOf(separator);
  const [left, right] = [entry.slice(0, Math.max(index, 0)).trim(), entry.slice(index + 1).trim()];
  if (left === '' || right === '') {
    throw new InvalidValue(message);
  }
  return [left, right];
}

function mapOf<T>(pairs: [string, T][], message: string): Map<string, T> {
  const map = new Map(pairs);
  if (map.size < pairs.length) {
    throw new InvalidValue(message);
  }
  return map;
}

const unique = (values: string[]): string[] => [...new Set(values)];
const isBetween = (value: number, from: number, to: number): boolean => value >= from && value <= to;

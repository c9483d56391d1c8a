import { InvalidValue } from '../settings-error.js';

export interface SmtpServer {
  host: string;
  port: number;
  /** `implicit`: TLS from the first byte (smtps). `required`: STARTTLS or no mail. `optional`: STARTTLS if offered. */
  tls: 'implicit' | 'required' | 'optional' | 'off';
  /** null: the server asks for none. */
  credentials: { user: string; password: string } | null;
}

/** A mailbox of RFC 5322, section 3.4. */
export interface Mailbox {
  /** Empty without one. */
  name: string;
  address: string;
}

const SAMPLE = 'smtp://user:password@smtp.example.com:587';
const LOCAL = ['localhost', '127.0.0.1', '::1'];

/**
 * `smtps://…` (port 465) or `smtp://…` (port 587), with `?tls=required`, `optional` or `off`. Links in mails sign people in,
 * so in production TLS is required unless the URL says otherwise or the server is on this machine.
 */
export function smtpUrl(text: string, environment: string): SmtpServer {
  const url = /^smtps?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text) ? new URL(text) : null;
  const isComplete = url !== null && url.hostname !== '' && ['', '/'].includes(url.pathname) && !url.hash;
  if (!isComplete || text.split('@').length > 2) {
    throw new InvalidValue(
      `must be a URL such as ${SAMPLE}, with special characters of user and password percent-encoded`,
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isImplicit = url.protocol === 'smtps:';
  const fallback = environment === 'production' && !LOCAL.includes(host) ? 'required' : 'optional';
  return {
    host,
    port: Number(url.port) || (isImplicit ? 465 : 587),
    tls: isImplicit ? implicitTls(url) : (tlsOf(url) ?? fallback),
    credentials:
      url.username === '' ? null : { user: decoded(url.username), password: decoded(url.password) },
  };
}

/** The password in the URL. Empty if the text is not a URL or has none. */
export function smtpPassword(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { password } = new URL(text);
  return password === '' ? [] : [password];
}

/** `no-reply@example.com`, or `Example <no-reply@example.com>`. */
export function mailbox(text: string): Mailbox {
  const [, name = '', address = text] = /^(.*?)\s*<([^<>]*)>$/s.exec(text) ?? [];
  const unquoted = name.replace(/^"(.*)"$/s, '$1').trim();
  if (!isMailAddress(address) || /[\p{Cc}"<>]/u.test(unquoted) || unquoted.length > 100) {
    throw new InvalidValue('must be an address such as Example <no-reply@example.com>');
  }
  return { name: unquoted, address };
}

/** One address that cannot end a header or an SMTP command, or name a second recipient. */
export const isMailAddress = (text: string): boolean =>
  text.length <= 320 && /^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()\\,;"@]+$/u.test(text);

function implicitTls(url: URL): 'implicit' {
  if (url.search !== '') throw new InvalidValue('must have no query after smtps, which always uses TLS');
  return 'implicit';
}

function tlsOf(url: URL): 'required' | 'optional' | 'off' | null {
  if (url.search === '') return null;
  const found = (['required', 'optional', 'off'] as const).find((mode) => url.search === `?tls=${mode}`);
  if (!found) throw new InvalidValue('must have no query but ?tls=required, ?tls=optional or ?tls=off');
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidValue('has unescaped special characters: "%" must be written as %25');
  }
}

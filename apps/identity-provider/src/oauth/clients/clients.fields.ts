import type { ApiPropertyOptions } from '@nestjs/swagger';
import { isId, isStorable } from '#libs/core/ids.js';
import { type FieldOptions, field, rule } from '#libs/http/input/field.js';
import { listRules, stringRule } from '#libs/http/input/fields.js';
import { OWN_CLIENT_ID } from '../../tokens/token-signer.js';
import { ACCOUNT_CLIENT_ID } from './account-client.js';
import { redirectUriFault } from './redirect-uri.js';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** They would change the path of `/clients/{client_id}` (RFC 3986, section 5.2.4). */
const DOT_SEGMENTS = ['.', '..'];
/** Twinkey's own ids, which are reserved in any case. */
const RESERVED = [OWN_CLIENT_ID, ACCOUNT_CLIENT_ID];

export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** A client's id: never one that could be an account's (`sub` of its tokens), or one of Twinkey's own. */
export const ClientIdField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { example: 'frontend', ...options },
    { type: String, pattern: CLIENT_ID.source },
    stringRule,
    rule(
      (value: string) => CLIENT_ID.test(value),
      'invalid_client_id',
      'Use 1 to 64 of the characters A-Z, a-z, 0-9, ".", "_" and "-".',
    ),
    rule(
      (value: string) => !DOT_SEGMENTS.includes(value),
      'invalid_client_id',
      'An id cannot be "." or "..": a URL could not name it.',
    ),
    rule((value: string) => !isId(value), 'invalid_client_id', 'A UUID is the id of an account.'),
    rule(
      (value: string) => !RESERVED.includes(value.toLowerCase()),
      'invalid_client_id',
      'Twinkey itself has this id.',
    ),
  );

export const GrantTypesField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    {
      type: 'array',
      items: { type: 'string', enum: [...GRANT_TYPES] },
      minItems: 1,
      maxItems: GRANT_TYPES.length,
    } as ApiPropertyOptions,
    ...listRules(1, GRANT_TYPES.length, (value) =>
      GRANT_TYPES.includes(value as GrantType)
        ? null
        : { code: 'invalid_choice', message: `One of: ${GRANT_TYPES.join(', ')}.` },
    ),
    rule((value: string[]) => new Set(value).size === value.length, 'repeated', 'Name each grant type once.'),
  );

const MAX_URIS = 50;

export const RedirectUrisField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { example: ['https://app.example.com/callback'], ...options },
    { type: 'array', items: { type: 'string', format: 'uri' }, maxItems: MAX_URIS } as ApiPropertyOptions,
    ...listRules(0, MAX_URIS, (value) => {
      if (typeof value !== 'string') return { code: 'string_expected', message: 'This must be a string.' };
      if (!isStorable(value))
        return { code: 'invalid_uri', message: 'NUL and lone surrogates are not allowed.' };
      const message = redirectUriFault(value);
      return message === null ? null : { code: 'invalid_uri', message };
    }),
    rule((value: string[]) => new Set(value).size === value.length, 'repeated', 'Name each URI once.'),
  );

/** Where Twinkey posts logout tokens: http is allowed, since services of a cluster are reached without TLS. */
export const BackchannelUriField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { example: 'https://app.example.com/backchannel-logout', ...options },
    { type: String, format: 'uri', maxLength: 2048 },
    stringRule,
    rule(
      isBackchannelUri,
      'invalid_uri',
      'This must be an http or https URL without fragment and user name.',
    ),
  );

function isBackchannelUri(uri: string): boolean {
  if (uri.length > 2048 || /[\s\p{Cc}#\\]/u.test(uri) || !isStorable(uri) || !URL.canParse(uri)) return false;
  const { protocol, username, password } = new URL(uri);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

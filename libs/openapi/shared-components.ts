import { STATUS_CODES } from 'node:http';
import {
  type ApiError,
  conflict,
  forbidden,
  invalidField,
  malformed,
  notFound,
  preconditionFailed,
  tooManyRequests,
  unauthorized,
  unavailable,
} from '#libs/http/replies/api-error.js';
import { ErrorEnvelope } from '#libs/http/replies/envelope.js';
import { errorForStatus } from '#libs/http/replies/error-translation.js';
import type { Components, Headers, Response, Schema } from './document-parts.js';

/** Every error that a handler's answer may be, as its example shows it. */
const ERRORS: Record<number, [error: ApiError, description: string]> = {
  400: [malformed(), 'The request could not be parsed.'],
  401: [unauthorized(), 'No valid access token.'],
  403: [forbidden(), 'The caller has no right to do this.'],
  404: [notFound(), 'There is no such resource.'],
  409: [conflict('conflict', 'This conflicts with what is there.'), 'A conflict with what is there.'],
  412: [preconditionFailed(), 'The resource has changed since it was read.'],
  413: [errorForStatus(413), 'The body is too large.'],
  415: [errorForStatus(415), 'The body is not JSON in UTF-8.'],
  422: [
    invalidField('limit', 'out_of_range', 'A whole number from 1 to 100.'),
    'A field or query parameter is wrong or unknown; all of them are told at once.',
  ],
  429: [tooManyRequests(60), 'Too many attempts; `Retry-After` says when to come again.'],
  503: [unavailable(), 'Overload, or a dependency is away; `Retry-After` says when to come again.'],
};

export const headerRef = (name: string) => ({ $ref: `#/components/headers/${name}` });

export const HEADERS: Headers = {
  'X-Request-Id': {
    description: "The request's own `X-Request-Id`, or one made for it; it stands in the logs too.",
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
  },
  'WWW-Authenticate': {
    description: 'The challenge (RFC 6750, section 3).',
    required: true,
    schema: { type: 'string', example: 'Bearer error="invalid_token"' },
  },
  'Retry-After': {
    description: 'Seconds to wait.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
  ETag: {
    description: 'A strong entity tag, for `If-None-Match` and `If-Match`.',
    required: true,
    schema: { type: 'string', example: '"3"' },
  },
  Location: {
    description: 'Where the new resource is: a path relative to this origin.',
    required: true,
    schema: { type: 'string', format: 'uri-reference' },
  },
};

const HEADERS_BY_STATUS: Record<number, string> = {
  401: 'WWW-Authenticate',
  429: 'Retry-After',
  503: 'Retry-After',
};

const ENTRY: Schema = {
  type: 'object',
  required: ['field', 'code', 'message'],
  properties: {
    field: {
      type: ['string', 'null'],
      description: 'As the request spells it (`permission_ids[2]`), or null.',
    },
    code: { type: 'string', pattern: '^[a-z][a-z0-9_]*$', description: 'A stable reason: read this one.' },
    message: { type: 'string', description: 'For people; may change.' },
  },
};

const ENVELOPE: Schema = {
  type: 'object',
  required: ['status', 'code', 'message', 'data', 'errors', 'meta'],
  properties: {
    status: { type: 'string', enum: ['error'] },
    code: { type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.' },
    message: { type: 'string' },
    data: { type: 'null' },
    errors: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/ErrorEntry' } },
    meta: { type: 'null' },
  },
};

/** What a shared answer is called: `TooManyRequests`. */
export const responseName = (status: number) => (STATUS_CODES[status] as string).replace(/[^A-Za-z]/g, '');

/** What operations refer to: one schema, one answer a status, one description a header. */
export function sharedComponents(): Pick<Components, 'schemas' | 'responses' | 'headers'> {
  const responses = Object.entries(ERRORS).map(([status, [, description]]) => [
    responseName(Number(status)),
    createErrorResponse(Number(status), description),
  ]);
  return {
    schemas: { ErrorEntry: { ...ENTRY }, ErrorEnvelope: { ...ENVELOPE } },
    responses: Object.fromEntries(responses),
    headers: HEADERS,
  };
}

/** An error's answer with its headers and its example. */
export function createErrorResponse(status: number, description: string): Response {
  const [error] = ERRORS[status] ?? [errorForStatus(status)];
  const name = HEADERS_BY_STATUS[status];
  return {
    description,
    headers: { 'X-Request-Id': headerRef('X-Request-Id'), ...(name ? { [name]: headerRef(name) } : {}) },
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/ErrorEnvelope' },
        example: JSON.parse(JSON.stringify(new ErrorEnvelope(error))) as unknown,
      },
    },
  };
}

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

/** The errors for the examples, and their descriptions. */
const ERRORS: Record<number, [error: ApiError, description: string]> = {
  400: [malformed(), 'The request could not be parsed.'],
  401: [unauthorized(), 'No valid access token.'],
  403: [forbidden(), 'The caller does not have permission.'],
  404: [notFound(), 'The resource does not exist.'],
  409: [
    conflict('conflict', 'This conflicts with an existing resource.'),
    'A conflict with an existing resource.',
  ],
  412: [preconditionFailed(), 'The resource has changed since it was read.'],
  413: [errorForStatus(413), 'The body is too large.'],
  415: [errorForStatus(415), 'The body is not JSON in UTF-8.'],
  422: [
    invalidField('limit', 'out_of_range', 'A whole number from 1 to 100.'),
    'Fields or query parameters are invalid or unknown. The response lists all of them.',
  ],
  429: [tooManyRequests(60), 'Too many attempts; `Retry-After` says when to try again.'],
  503: [unavailable(), 'Overload, or a dependency is not available; `Retry-After` says when to try again.'],
};

export const headerRef = (name: string) => ({ $ref: `#/components/headers/${name}` });

export const HEADERS: Headers = {
  'X-Request-Id': {
    description: "The request's own `X-Request-Id`, or a new one. It is also in the logs.",
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
    description: 'The path of the new resource.',
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
      description: 'The field as the request names it (`permission_ids[2]`), or null.',
    },
    code: { type: 'string', pattern: '^[a-z][a-z0-9_]*$', description: 'A stable reason, for programs.' },
    message: { type: 'string', description: 'For people; it can change.' },
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

/** The name of a shared response: `TooManyRequests`. */
export const responseName = (status: number) => (STATUS_CODES[status] as string).replace(/[^A-Za-z]/g, '');

/** The components that operations refer to: schemas, one response per status, and headers. */
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

/** An error response with its headers and example. */
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

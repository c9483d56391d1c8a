import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  type Type,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtraModels, ApiHeader, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { ListPage } from '../input/list-query.js';
import { preconditionFailed } from './api-error.js';

/** The `meta` of a page. */
export class PageMetaReply {
  @ApiProperty({ type: 'integer', example: 20 })
  limit: number;

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;

  @ApiProperty({ type: 'integer', required: false })
  total?: number;
}

/** Makes a strong entity tag from row versions (RFC 9110, section 8.8.3). */
export const etagOf = (...versions: number[]): string => `"${versions.join('-')}"`;

const tagsOf = (header: string): string[] => header.split(',').map((tag) => tag.trim());

/**
 * Evaluates `If-None-Match` with the weak comparison of RFC 9110, section 13.1.2.
 * @returns true if the client's copy is current: respond with 304
 */
export function isUnmodified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return tagsOf(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
}

const WEAK_TAG =
  'If-Match needs a strong tag, and this one is weak (W/"…"). A proxy that compresses responses makes tags weak.';

/** The `If-Match` of a request, for the code that knows the current versions of the resource. */
export class Precondition {
  /** @param ifMatch the header; without it every write is accepted */
  constructor(private readonly ifMatch: string | undefined) {}

  /** False without the header. */
  get isGiven(): boolean {
    return this.ifMatch !== undefined;
  }

  /** The strong comparison of RFC 9110, section 13.1.1. */
  matches(...versions: number[]): boolean {
    if (this.ifMatch === undefined || this.ifMatch.trim() === '*') return true;
    return tagsOf(this.ifMatch).includes(etagOf(...versions));
  }

  /** @throws ApiError 412 if the resource has other versions */
  check(...versions: number[]): void {
    if (this.matches(...versions)) return;
    const isWeak = tagsOf(this.ifMatch ?? '').some((tag) => tag.startsWith('W/'));
    throw preconditionFailed(isWeak ? WEAK_TAG : undefined);
  }
}

/** Injects the request's `Precondition`. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): Precondition =>
    new Precondition(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

/**
 * Returned by handlers that send more than data: page information, a strong entity tag, or the id of the created
 * resource. Other handlers return their data directly.
 */
export class Reply<T = unknown> {
  meta: PageMetaReply | null = null;
  etag: string | null = null;
  createdId: string | null = null;

  constructor(readonly data: T | null) {}

  static nothing(): Reply<never> {
    return new Reply<never>(null);
  }

  /** @param map turns an item into its representation */
  static page<Item, T>(
    { items, limit, nextCursor, total }: ListPage<Item>,
    map: (item: Item) => T,
  ): Reply<T[]> {
    const reply = new Reply(items.map(map));
    reply.meta = { limit, next_cursor: nextCursor, ...(total === undefined ? {} : { total }) };
    return reply;
  }

  /** @param versions of the rows that the data are made of */
  static tagged<T>(data: T, ...versions: number[]): Reply<T> {
    const reply = new Reply(data);
    reply.etag = etagOf(...versions);
    return reply;
  }

  /** Sets the `Location` header to the route's path followed by this id. */
  created(id: string): this {
    this.createdId = id;
    return this;
  }
}

export interface ReplyOptions {
  message: string;
  /** Default: 200. Use 201 if the handler creates a resource, 202 if its effect comes later. */
  status?: 200 | 201 | 202;
  description?: string;
  /** Error statuses in addition to those of every route, with the reason for each. */
  errors?: Partial<Record<401 | 403 | 404 | 409 | 422 | 429 | 503, string>>;
  /** The resource has a strong `ETag`: `read` adds 304, `write` adds 412. */
  etag?: 'read' | 'write';
  /** False for a list that is returned completely: its `meta` is null. */
  paged?: boolean;
}

/**
 * Declares the response of a handler: its status, the envelope's message, and the OpenAPI responses.
 * @param data the class of `data`, `[Class]` for a list, null for no data
 */
export function Replies(data: Type | [Type] | null, options: ReplyOptions): MethodDecorator {
  const { message, status = 200, errors = {}, etag, paged = true } = options;
  const [type, isList] = Array.isArray(data) ? [data[0], true] : [data, false];
  return applyDecorators(
    HttpCode(status),
    RouteConfig({ message }),
    ApiExtraModels(PageMetaReply, ...(type ? [type] : [])),
    ApiResponse({
      status,
      description: options.description ?? message,
      schema: successSchema({ code: status, message, type, isList, isPage: isList && paged }),
      headers: {
        ...(etag && type
          ? { ETag: { description: 'A strong entity tag.', schema: { type: 'string' } } }
          : {}),
        ...(status === 201
          ? { Location: { description: 'The path of the new resource.', schema: { type: 'string' } } }
          : {}),
      },
    }),
    ...Object.entries(errors).map(([code, description]) => ErrorResponse(Number(code), description)),
    ...(etag === 'read'
      ? [
          ApiHeader({ name: 'If-None-Match', required: false }),
          ApiResponse({ status: 304, description: 'Not modified.' }),
        ]
      : []),
    ...(etag === 'write'
      ? [
          ApiHeader({ name: 'If-Match', required: false }),
          ErrorResponse(412, 'The resource has changed since it was read.'),
        ]
      : []),
  );
}

/** Adds an error response to the OpenAPI document. Its schema is shared (`libs/openapi/shared-components.ts`). */
export const ErrorResponse = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, schema: { $ref: '#/components/schemas/ErrorEnvelope' } });

interface Success {
  code: number;
  message: string;
  type: Type | null;
  isList: boolean;
  isPage: boolean;
}

function successSchema({ code, message, type, isList, isPage }: Success) {
  const one = type ? { $ref: getSchemaPath(type) } : { nullable: true, enum: [null], example: null };
  return {
    type: 'object',
    required: ['status', 'code', 'message', 'data', 'errors', 'meta'],
    additionalProperties: false,
    properties: {
      status: { type: 'string', enum: ['success'] },
      code: { type: 'integer', enum: [code] },
      message: { type: 'string', example: message },
      data: isList ? { type: 'array', items: one } : one,
      errors: { nullable: true, enum: [null], example: null },
      meta: isPage ? { $ref: getSchemaPath(PageMetaReply) } : { nullable: true, enum: [null], example: null },
    },
  };
}

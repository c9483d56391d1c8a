import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  type Type,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtraModels, ApiHeader, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { PageMetaReply } from '../input/list-query.js';

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

/** Injects the request's `If-Match` header, for `assertIfMatch`. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined =>
    context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'],
);

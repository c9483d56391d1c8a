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
  /** 200 unless told; 201 for what creates. */
  status?: 200 | 201;
  description?: string;
  /** Statuses beyond those that every route may answer, each with when it does. */
  errors?: Partial<Record<401 | 403 | 404 | 409 | 422 | 429 | 503, string>>;
  /** The resource carries a strong `ETag`: 304, and 412 where it is written. */
  etag?: 'read' | 'write';
  /** False for a list that comes as a whole: its `meta` is null. */
  paged?: boolean;
}

/**
 * A handler's declared reply: the status, the envelope's message, and both in the OpenAPI document.
 * @param data the class of `data`, in brackets for a list, null for none
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
          ? { Location: { description: 'Where the new resource is.', schema: { type: 'string' } } }
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

/** An error answer in the document; its envelope is one shared schema (`openapi-document.ts`). */
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

/** The request's `If-Match`, for `requireMatch`. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined =>
    context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'],
);

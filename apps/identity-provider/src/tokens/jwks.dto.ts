import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';

export class JwkReply {
  @ApiProperty({ enum: ['RSA'] })
  kty: 'RSA';

  @ApiProperty({ description: 'The modulus, base64url.' })
  n: string;

  @ApiProperty({ description: 'The exponent, base64url.', example: 'AQAB' })
  e: string;

  @ApiProperty({ example: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' })
  kid: string;

  @ApiProperty({ enum: ['sig'] })
  use: 'sig';

  @ApiProperty({ enum: ['RS256'] })
  alg: 'RS256';
}

export class JwksReply {
  @ApiProperty({ type: [JwkReply] })
  keys: JwkReply[];
}

/** A reply in a format that a standard defines. `enveloped`: the envelope with a seventh key, `keys`. */
export function RepliesAsIs(type: Type, { enveloped = false } = {}): MethodDecorator {
  const schema = { $ref: getSchemaPath(type) };
  const none = { nullable: true, enum: [null] };
  const envelope = {
    type: 'object',
    required: ['status', 'code', 'message', 'data', 'errors', 'meta', 'keys'],
    properties: {
      status: { type: 'string', enum: ['success'] },
      code: { type: 'integer', enum: [200] },
      message: { type: 'string' },
      data: schema,
      errors: none,
      meta: none,
      keys: { type: 'array', items: { $ref: getSchemaPath(JwkReply) } },
    },
  };
  return applyDecorators(
    ApiExtraModels(JwkReply, type),
    ApiResponse({
      status: 200,
      description: 'Can be cached for one minute.',
      content: { 'application/json': { schema: enveloped ? envelope : schema } },
    }),
    ApiResponse({ status: 304, description: 'Not modified.' }),
  );
}

import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiProperty,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { ErrorResponse } from '#libs/http/replies/replies.js';

const ID = {
  description: 'The base64url SHA-256 of `{iss}|{kind}|{id}`.',
  example: 'Yh4mEjBz0tQkQYhN6pY5bM7k3n1c7mQmVbq3o0Jt0uE',
};
const EXPIRES_AT = {
  description: 'Every token that it concerns has expired then. Null: never.',
  type: String,
  format: 'date-time',
  nullable: true,
} as const;

export class SubjectEntryReply {
  @ApiProperty(ID)
  id: string;

  @ApiProperty({ description: "The subject's role now.", example: 'user' })
  role: string;

  @ApiProperty(EXPIRES_AT)
  expires_at: string | null;
}

export class EndedEntryReply {
  @ApiProperty({ enum: ['session', 'subject', 'key'] })
  kind: 'session' | 'subject' | 'key';

  @ApiProperty(ID)
  id: string;

  @ApiProperty({
    description: 'Tokens that were issued before it are refused. Null: all tokens.',
    type: String,
    format: 'date-time',
    nullable: true,
  })
  issued_before: string | null;

  @ApiProperty(EXPIRES_AT)
  expires_at: string | null;
}

export class AuthoritySnapshotReply {
  @ApiProperty({ description: 'Rises with each change.', type: 'integer', example: 1042 })
  version: number;

  @ApiProperty({ description: 'When the database was read.', format: 'date-time' })
  issued_at: string;

  @ApiProperty({
    description: 'What ended before this time is not listed.',
    type: String,
    format: 'date-time',
    nullable: true,
  })
  recorded_since: string | null;

  @ApiProperty({
    description: 'The effective permissions of each role.',
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { admin: ['*'], user: [] },
  })
  roles: Record<string, string[]>;

  @ApiProperty({
    type: [SubjectEntryReply],
    description: 'Subjects whose role has changed since tokens were issued.',
  })
  subjects: SubjectEntryReply[];

  @ApiProperty({ type: [EndedEntryReply], description: 'Ended sessions, subjects and keys.' })
  ended: EndedEntryReply[];
}

const EXAMPLE = `event: snapshot
id: 1.pHhVq0cXJb3sQm1N.0.sw.sv.0
data: {"version":1042,"issued_at":"2026-11-26T18:00:00.000Z","recorded_since":"2026-11-01T08:00:00.000Z","roles":{"admin":["*"],"user":[]},"subjects":[],"ended":[]}

: alive

`;

/** Documents a route that `FeedServer` answers. */
export const FeedOperation = (description: string): MethodDecorator =>
  applyDecorators(
    RouteConfig({ message: 'Authority.' }),
    ApiOperation({ summary: 'What has changed since tokens were issued, as an event stream', description }),
    ApiExtraModels(AuthoritySnapshotReply),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'The `id` of the last event that was read.',
    }),
    ApiResponse({
      status: 200,
      description: 'Events `snapshot` and `change`; or one snapshot, where the request prefers JSON.',
      content: {
        'text/event-stream': { schema: { type: 'string' }, example: EXAMPLE },
        'application/json': {
          schema: {
            type: 'object',
            required: ['status', 'code', 'message', 'data', 'errors', 'meta'],
            additionalProperties: false,
            properties: {
              status: { type: 'string', enum: ['success'] },
              code: { type: 'integer', enum: [200] },
              message: { type: 'string', example: 'Authority.' },
              data: { $ref: getSchemaPath(AuthoritySnapshotReply) },
              errors: { nullable: true, enum: [null], example: null },
              meta: { nullable: true, enum: [null], example: null },
            },
          },
        },
      },
    }),
    ErrorResponse(404, 'The feed is off.'),
    ErrorResponse(503, 'The database does not answer, or the service shuts down.'),
  );

import { ApiProperty } from '@nestjs/swagger';
import type { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { ChoiceField, TextField } from '#libs/http/input/fields.js';
import { ListQuery } from '#libs/http/input/list-query.js';
import { TimeField } from '#libs/http/input/time.field.js';
import { ISSUER_ID_PATTERN, type IssuerId, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { AUDIT_ACTION_NAMES, AUDIT_TARGET_TYPES, type AuditAction } from './audit-actions.js';

const OUTCOMES = ['success', 'failure'] as const satisfies AuditEvent['outcome'][];
/** An issuer's id, a colon, and a subject of 255 characters. */
const MAX_FILTER = 320;

export class AuditEventListQuery extends ListQuery {
  @ChoiceField(['-at', 'at'], { optional: true, description: 'Default: `-at`, the newest first.' })
  sort?: '-at' | 'at';

  @ChoiceField(AUDIT_ACTION_NAMES, { optional: true })
  action?: AuditAction;

  @ChoiceField(OUTCOMES, { optional: true })
  outcome?: AuditEvent['outcome'];

  @TextField({ optional: true, min: 1, max: MAX_FILTER, description: 'A `sub`, or `issuer:sub`.' })
  actor?: string;

  @TextField({
    optional: true,
    min: 1,
    max: MAX_FILTER,
    description: `An id, or \`type:id\` with one of the types ${AUDIT_TARGET_TYPES.join(', ')}.`,
  })
  target?: string;

  @TimeField({ optional: true, description: 'Events at this time or later. A date is its midnight in UTC.' })
  from?: string;

  @TimeField({ optional: true, description: 'Events before this time. A date is its midnight in UTC.' })
  to?: string;
}

export class AuditActorReply {
  @ApiProperty({ type: String, pattern: ISSUER_ID_PATTERN, example: NATIVE_ISSUER })
  issuer: IssuerId;

  @ApiProperty({ example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001' })
  sub: string;

  @ApiProperty({ type: String, nullable: true, example: 'admin@example.com' })
  name: string | null;
}

export class AuditTargetReply {
  @ApiProperty({ enum: AUDIT_TARGET_TYPES, example: 'account' })
  type: string;

  @ApiProperty({ example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0002' })
  id: string;
}

export class AuditEventReply {
  @ApiProperty({ format: 'uuid', example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0009' })
  id: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  at: string;

  @ApiProperty({ enum: AUDIT_ACTION_NAMES, example: 'account.updated' })
  action: string;

  @ApiProperty({ enum: OUTCOMES, example: 'success' })
  outcome: AuditEvent['outcome'];

  @ApiProperty({
    type: AuditActorReply,
    nullable: true,
    description: 'Null before a sign-in, and for commands.',
  })
  actor: AuditActorReply | null;

  @ApiProperty({ type: AuditTargetReply, nullable: true })
  target: AuditTargetReply | null;

  @ApiProperty({ type: String, nullable: true, example: 'twinkey' })
  client_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0005' })
  session_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.9' })
  address: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'curl/8.5.0' })
  user_agent: string | null;

  @ApiProperty({ type: String, nullable: true, example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0007' })
  request_id: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Depends on the action; changed fields as `before` and `after`.',
    example: { before: { status: 'active' }, after: { status: 'disabled' } },
  })
  details: Record<string, unknown>;
}

export const mapAuditEvent = (event: AuditEvent): AuditEventReply => ({
  id: event.id,
  at: event.at.toISOString(),
  action: event.action,
  outcome: event.outcome,
  actor:
    event.actorIssuer === null || event.actorSub === null
      ? null
      : { issuer: event.actorIssuer, sub: event.actorSub, name: event.actorName },
  target:
    event.targetType === null || event.targetId === null
      ? null
      : { type: event.targetType, id: event.targetId },
  client_id: event.clientId,
  session_id: event.sessionId,
  address: event.address,
  user_agent: event.userAgent,
  request_id: event.requestId,
  details: event.details,
});

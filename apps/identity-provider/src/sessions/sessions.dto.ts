import { ApiProperty } from '@nestjs/swagger';
import type { Session } from '#libs/database/identity/session.entity.js';

export class SessionReply {
  @ApiProperty({ example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0003' })
  id: string;

  @ApiProperty({ type: String, nullable: true, description: 'The OAuth client; null for Twinkey itself.' })
  client_id: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({
    format: 'date-time',
    example: '2026-01-31T12:30:00.000Z',
    description: 'Can be a minute older than the last request.',
  })
  last_used_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-14T12:30:00.000Z' })
  expires_at: string;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.9' })
  address: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' })
  user_agent: string | null;

  @ApiProperty({ description: 'Whether this is the session of the request.' })
  current: boolean;
}

/** @param currentId the caller's own session; null for a caller without one */
export const mapSession = (session: Session, currentId: string | null): SessionReply => ({
  id: session.id,
  client_id: session.clientId,
  created_at: session.createdAt.toISOString(),
  last_used_at: (session.lastUsedAt ?? session.createdAt).toISOString(),
  expires_at: session.expiresAt.toISOString(),
  address: session.address,
  user_agent: session.userAgent,
  current: session.id === currentId,
});

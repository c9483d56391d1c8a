import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '#libs/auth/access.js';
import { Reads } from '#libs/database/replicas/reads.js';
import { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { AuditEventListQuery, AuditEventReply, mapAuditEvent } from './audit-events.dto.js';
import { listAuditEvents } from './audit-events.list.js';

@ApiTags('audit')
@Controller('audit-events')
export class AuditEventsController {
  constructor(private readonly reads: Reads) {}

  @Get()
  @RequirePermission('audit:read')
  @ApiOperation({ summary: 'List the security events of this application' })
  @Replies([AuditEventReply], { message: 'Audit events.' })
  async list(@Query() query: AuditEventListQuery): Promise<Reply<AuditEventReply[]>> {
    const page = await this.reads.run((manager) => listAuditEvents(manager.getRepository(AuditEvent), query));
    return Reply.page(page, mapAuditEvent);
  }
}

import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { RequirePermission } from '#libs/auth/access.js';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import {
  ClientListQuery,
  ClientReply,
  ClientWithSecretReply,
  CreateClient,
  mapClient,
  UpdateClient,
} from './clients.dto.js';
import { ClientsService, type ClientWithSecret } from './clients.service.js';

const EXCEEDS = 'The role of the client has permissions that the caller does not have.';

@ApiTags('clients')
@Controller('clients')
export class ClientsController {
  constructor(private readonly clients: ClientsService) {}

  @Post()
  @RequirePermission('clients:create')
  @ApiOperation({ summary: 'Create an OAuth client; a confidential one gets its secret, once' })
  @Replies(ClientWithSecretReply, {
    status: 201,
    message: 'Client created.',
    errors: { 403: EXCEEDS, 409: 'The id is taken.' },
  })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateClient,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<ClientWithSecretReply>> {
    const created = await this.clients.create(caller, body, audit);
    return withSecret(created).created(created.client.clientId);
  }

  @Get()
  @RequirePermission('clients:read')
  @ApiOperation({ summary: 'List OAuth clients' })
  @Replies([ClientReply], { message: 'Clients.' })
  async list(@Query() query: ClientListQuery): Promise<Reply<ClientReply[]>> {
    return Reply.page(await this.clients.list(query), mapClient);
  }

  @Get(':client_id')
  @RequirePermission('clients:read')
  @ApiOperation({ summary: 'Read an OAuth client' })
  @Replies(ClientReply, { message: 'Client.', etag: 'read' })
  async get(@Param('client_id') clientId: string): Promise<Reply<ClientReply>> {
    return tagged(await this.clients.get(clientId));
  }

  @Patch(':client_id')
  @RequirePermission('clients:update')
  @ApiOperation({ summary: 'Change an OAuth client; status `disabled` ends its sessions' })
  @Replies(ClientReply, { message: 'Client updated.', etag: 'write', errors: { 403: EXCEEDS } })
  async update(
    @Caller() caller: Principal,
    @Param('client_id') clientId: string,
    @Body() body: UpdateClient,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<ClientReply>> {
    return tagged(await this.clients.update(caller, clientId, body, precondition, audit));
  }

  @Delete(':client_id')
  @RequirePermission('clients:delete')
  @ApiOperation({ summary: 'Delete an OAuth client; its sessions end' })
  @Replies(null, { message: 'Client deleted.', etag: 'write', errors: { 403: EXCEEDS } })
  async delete(
    @Caller() caller: Principal,
    @Param('client_id') clientId: string,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<never>> {
    await this.clients.delete(caller, clientId, precondition, audit);
    return Reply.nothing();
  }

  @Post(':client_id/secret')
  @RequirePermission('clients:update')
  @ApiOperation({
    summary: 'Give a confidential client a new secret; the present one works for another 24 hours',
  })
  @Replies(ClientWithSecretReply, {
    message: 'Secret renewed.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: 'A public client has no secret.' },
  })
  async renewSecret(
    @Caller() caller: Principal,
    @Param('client_id') clientId: string,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<ClientWithSecretReply>> {
    return withSecret(await this.clients.renewSecret(caller, clientId, precondition, audit));
  }
}

const tagged = (client: OauthClient): Reply<ClientReply> => Reply.tagged(mapClient(client), client.version);

function withSecret({ client, secret }: ClientWithSecret): Reply<ClientWithSecretReply> {
  const data = { ...mapClient(client), ...(secret === null ? {} : { client_secret: secret }) };
  return Reply.tagged(data, client.version);
}

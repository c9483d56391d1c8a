import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { type AuditContext, NO_REQUEST } from '#libs/audit/audit-context.js';
import { changesOf, writeAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { countRows, fetchPage, keyStartsWith } from '#libs/database/queries/page.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import { notFound } from '#libs/http/replies/api-error.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { type Actor, AuthorityService, assertGrantable } from '../../authority/authority.service.js';
import { permissionsOf } from '../../authority/role-hierarchy.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { hashSecret } from './client-metadata.js';
import { assertClientFits } from './client-rules.js';
import { auditedClient } from './clients.audit.js';
import type { ClientListQuery, CreateClient, UpdateClient } from './clients.dto.js';
import { clientIdDiffersInCase, publicClientHasNoSecret, roleNotFound } from './clients.errors.js';

/** A client, with the secret that was just made. */
export interface ClientWithSecret {
  client: OauthClient;
  secret: string | null;
}

const SORTS = {
  created_at: {
    kind: 'time',
    column: 'client.createdAt',
    valueOf: ({ createdAt }: OauthClient) => createdAt.toISOString(),
  },
  client_id: { kind: 'text', column: 'client.clientId', valueOf: ({ clientId }: OauthClient) => clientId },
} as const;

/** The one before a new secret is accepted for this time, so that a service can be changed without an outage. */
const PREVIOUS_SECRET_HOURS = 24;

@Injectable()
export class ClientsService {
  constructor(
    @InjectRepository(OauthClient) private readonly clients: Repository<OauthClient>,
    private readonly authority: AuthorityService,
    private readonly sessions: SessionsService,
  ) {}

  /** @throws ApiError 422, 403 `exceeds_own_permissions`, 409 `client_id_taken` */
  create(caller: Principal, body: CreateClient, audit: AuditContext): Promise<ClientWithSecret> {
    return this.authority.change(caller, 'clients:create', async (tx, actor) => {
      const created = await addClient(tx, body, actor);
      await recordCreated(tx, audit, created.client);
      return created;
    });
  }

  /** A client without a caller, for the command line. @throws ApiError as `create`, without 403 */
  createAsOperator(body: CreateClient): Promise<ClientWithSecret> {
    return this.authority.exclusively(async (tx) => {
      const created = await addClient(tx, body, null);
      await recordCreated(tx, NO_REQUEST, created.client, { command: 'clients create' });
      return created;
    });
  }

  /** `q` is a prefix of the id or the name. */
  async list(query: ClientListQuery): Promise<ListPage<OauthClient>> {
    const q = query.q || undefined;
    const request = readList('clients', query, SORTS, { q });
    const found = this.clients.createQueryBuilder('client');
    if (q) {
      const matches = ['client.clientId', 'client.name'].map((key) =>
        keyStartsWith(`lower(${key})`, 'lower(:q)'),
      );
      found.andWhere(`(${matches.join(' OR ')})`, { q });
    }
    const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
    const total = request.includeTotal ? await countRows(found) : undefined;
    return listPage(request, rows, next, total);
  }

  /** @throws ApiError 404, 412 */
  async get(clientId: string, precondition?: Precondition): Promise<OauthClient> {
    const client = await getClient(this.clients.manager, clientId);
    precondition?.check(client.version);
    return client;
  }

  /** @throws ApiError 404, 403 `exceeds_own_permissions`, 412, 422 */
  update(
    caller: Principal,
    clientId: string,
    body: UpdateClient,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<OauthClient> {
    if (Object.keys(body).length === 0) return this.get(clientId, precondition);
    return this.authority.change(caller, 'clients:update', async (tx, actor) => {
      const client = await getClient(tx, clientId);
      await assertGrantableRole(tx, actor, client.roleId);
      precondition.check(client.version);
      const before = auditedClient(client);
      const changed = Object.assign(client, columnsOf(body));
      await assertGrantableRole(tx, actor, changed.roleId, 'role_id');
      assertClientFits(changed);
      if (body.status === 'disabled')
        await this.sessions.endAllOfClient(clientId, { audit, reason: 'client_disabled' }, tx);
      const details = changesOf(before, auditedClient(changed));
      if (details) await writeAudit(tx, audit, { action: 'client.updated', targetId: clientId, details });
      return tx.save(changed);
    });
  }

  /** Its sessions end. @throws ApiError 404, 403 `exceeds_own_permissions`, 412 */
  delete(
    caller: Principal,
    clientId: string,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<void> {
    return this.authority.change(caller, 'clients:delete', async (tx, actor) => {
      const client = await getClient(tx, clientId);
      await assertGrantableRole(tx, actor, client.roleId);
      precondition.check(client.version);
      await this.remove(tx, client, audit);
    });
  }

  /** Without a caller, for the command line. @throws ApiError 404 */
  deleteAsOperator(clientId: string): Promise<void> {
    return this.authority.exclusively(async (tx) =>
      this.remove(tx, await getClient(tx, clientId), NO_REQUEST, { command: 'clients delete' }),
    );
  }

  /**
   * Makes a new secret. The present one works for another 24 hours.
   * @throws ApiError 404, 403 `exceeds_own_permissions`, 412, 409 `public_client`
   */
  renewSecret(
    caller: Principal,
    clientId: string,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<ClientWithSecret> {
    return this.authority.change(caller, 'clients:update', async (tx, actor) => {
      const client = await getClient(tx, clientId);
      await assertGrantableRole(tx, actor, client.roleId);
      precondition.check(client.version);
      if (client.type === 'public') throw publicClientHasNoSecret();
      const secret = newSecret();
      await tx.query(
        `UPDATE identity.oauth_clients SET previous_secret_hash = secret_hash, secret_hash = $2,
           previous_secret_expires_at = now() + $3 * interval '1 hour', version = version + 1, updated_at = now()
         WHERE id = $1`,
        [client.id, hashSecret(secret), PREVIOUS_SECRET_HOURS],
      );
      await writeAudit(tx, audit, { action: 'client.secret_created', targetId: clientId });
      return { client: await getClient(tx, clientId), secret };
    });
  }

  private async remove(
    tx: EntityManager,
    client: OauthClient,
    audit: AuditContext,
    by: { command?: string } = {},
  ): Promise<void> {
    const { id, clientId } = client;
    await this.sessions.endAllOfClient(clientId, { audit, reason: 'client_deleted' }, tx);
    await tx.delete(OauthClient, { id });
    const details = { before: auditedClient(client), ...by };
    await writeAudit(tx, audit, { action: 'client.deleted', targetId: clientId, details });
  }
}

function recordCreated(
  tx: EntityManager,
  audit: AuditContext,
  client: OauthClient,
  by: { command?: string } = {},
): Promise<void> {
  const details = { after: auditedClient(client), ...by };
  return writeAudit(tx, audit, { action: 'client.created', targetId: client.clientId, details });
}

async function getClient(manager: EntityManager, clientId: string): Promise<OauthClient> {
  const client = await manager.findOneBy(OauthClient, { clientId });
  if (!client) throw notFound();
  return client;
}

/** @param actor null for the operator, who may do everything */
async function addClient(
  tx: EntityManager,
  body: CreateClient,
  actor: Actor | null,
): Promise<ClientWithSecret> {
  const clientId = body.client_id ?? randomBytes(12).toString('hex');
  const client = tx.create(OauthClient, {
    id: newId(),
    clientId,
    type: body.type,
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: null,
    firstParty: false,
    roleId: null,
    status: 'active',
    ...columnsOf(body),
  });
  await assertGrantableRole(tx, actor, client.roleId, 'role_id');
  assertClientFits(client);
  await assertIdDiffers(tx, clientId);
  const secret = client.type === 'confidential' ? newSecret() : null;
  await tx.insert(OauthClient, { ...client, secretHash: secret === null ? null : hashSecret(secret) });
  return { client: await getClient(tx, clientId), secret };
}

const newSecret = (): string => randomBytes(32).toString('base64url');

/** The columns for the fields in the body. */
function columnsOf(body: UpdateClient): Partial<OauthClient> {
  const columns: Partial<Record<keyof OauthClient, unknown>> = {
    name: body.name,
    grantTypes: body.grant_types,
    redirectUris: body.redirect_uris,
    postLogoutRedirectUris: body.post_logout_redirect_uris,
    backchannelLogoutUri: body.backchannel_logout_uri,
    firstParty: body.first_party,
    roleId: body.role_id,
    status: body.status,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

/** @throws ApiError 422 on `role_id` for an unknown role, 403 if it has permissions that the actor does not have */
async function assertGrantableRole(
  tx: EntityManager,
  actor: Actor | null,
  roleId: string | null,
  field?: string,
): Promise<void> {
  if (roleId === null) return;
  if (!(await tx.existsBy(Role, { id: roleId }))) throw roleNotFound();
  if (actor) assertGrantable(actor.permissions, await permissionsOf(tx, [roleId]), field);
}

/** Two clients whose ids differ only in case would be taken for each other. @throws ApiError 422 */
async function assertIdDiffers(tx: EntityManager, clientId: string): Promise<void> {
  const [other] = await tx.query(
    'SELECT FROM identity.oauth_clients WHERE lower(client_id) = lower($1) AND client_id <> $1',
    [clientId],
  );
  if (other) throw clientIdDiffersInCase();
}

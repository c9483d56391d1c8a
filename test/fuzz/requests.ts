import { newId } from '#libs/core/ids.js';
import { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import type { BothServices } from '../support/both-services.js';
import { unique } from '../support/factories.js';
import type { FuzzedOperation } from './operations.js';
import type { Sent } from './sender.js';

/** Valid values, so that a body passes the first validation rules. */
const VALUES: Record<string, () => unknown> = {
  email: () => `${unique('person')}@example.com`,
  password: () => 'a long good password',
  current_password: () => 'not the current one',
  new_password: () => 'a long good password',
  status: () => 'active',
  refresh_token: () => 'not a refresh token',
  realm_roles: () => 'twinkey-admin',
  token: () => 'not a token of a link',
  client_id: () => unique('client'),
  type: () => 'confidential',
  grant_types: () => ['authorization_code', 'client_credentials'],
  redirect_uris: () => 'https://app.example.com/callback',
  post_logout_redirect_uris: () => 'https://app.example.com/',
  backchannel_logout_uri: () => 'https://app.example.com/logout',
};

/** Creates requests to an operation that are valid except for one text. */
export class Requests {
  private constructor(
    private readonly operation: FuzzedOperation,
    private readonly ids: Record<string, string>,
  ) {}

  /** Creates rows that the operation can change and delete. */
  static async to(operation: FuzzedOperation, { idp, service }: BothServices): Promise<Requests> {
    const permission = await idp.make.permission();
    const role = await idp.make.role([permission.name]);
    const ids: Record<string, string> = {
      role_id: role.id,
      parent_id: (await idp.make.role()).id,
      permission_id: permission.id,
      permission_ids: permission.id,
      account_ids: (await idp.make.account()).id,
    };
    if (operation.path.startsWith('/api/v1/accounts')) {
      const account = await idp.make.account();
      ids['id'] = account.id;
      ids['session_id'] = (await idp.make.session(account)).id;
    } else if (operation.path.startsWith('/api/v1/clients/')) ids['client_id'] = await addClient(idp);
    else if (operation.path.startsWith('/api/v1/permissions')) ids['id'] = (await idp.make.permission()).id;
    else if (operation.path.startsWith('/users')) {
      const person = service.api.as((await idp.signIn([])).api.token ?? '');
      ids['id'] = (await person.get<{ id: string }>('/users/me')).data.id;
    } else ids['id'] = role.id;
    return new Requests(operation, ids);
  }

  /** A request with this text as that parameter. */
  withParameter(location: 'path' | 'query' | 'header', name: string, text: string): Sent {
    const path = this.operation.path.replace(/\{(\w+)\}/g, (_, parameter: string) =>
      location === 'path' && parameter === name ? encoded(text) : (this.ids[parameter] ?? 'somebody'),
    );
    return {
      method: this.operation.method,
      path: location === 'query' ? `${path}?${name}=${encoded(text)}` : path,
      ...(location === 'header' ? { headers: { [name]: headerText(text) } } : {}),
      ...(this.operation.fields ? { body: JSON.stringify(this.body()) } : {}),
    };
  }

  /** A request with this text as that field of the body, or as an entry of the field's list. */
  withField(name: string, text: string): Sent {
    const isList = this.operation.fields?.some((field) => field.name === name && field.isList);
    const body = { ...this.body(), [name]: isList ? [text] : text };
    return { ...this.withParameter('header', 'accept', '*/*'), body: JSON.stringify(body) };
  }

  /** A request with the given body. */
  withBody(body: string | Buffer): Sent {
    return { ...this.withParameter('header', 'accept', '*/*'), body };
  }

  private body(): Record<string, unknown> {
    // An update needs no field; a creation needs all required ones.
    if (this.operation.method !== 'POST' || this.operation.listener === 'internal') return {};
    const isPermission = this.operation.path.startsWith('/api/v1/permissions');
    const name = isPermission ? `${unique('thing')}:read` : unique('role');
    return Object.fromEntries(
      (this.operation.fields ?? [])
        .filter(({ name: field }) => !['first_name', 'last_name', 'description'].includes(field))
        .map(({ name: field, isList }) => {
          const value = field === 'name' ? name : (VALUES[field]?.() ?? this.ids[field]);
          return [field, isList ? [value].flat() : value];
        }),
    );
  }
}

async function addClient({ database }: BothServices['idp']): Promise<string> {
  const clientId = unique('client');
  await database.getRepository(OauthClient).insert({
    id: newId(),
    clientId,
    name: 'Fuzzed',
    type: 'confidential',
    grantTypes: ['client_credentials'],
  });
  return clientId;
}

/** A URL cannot contain a lone surrogate. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

/** The text's bytes, without those that no HTTP client sends in a header. */
const headerText = (text: string): string =>
  Buffer.from(text.toWellFormed())
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '');

import { ApiProperty } from '@nestjs/swagger';
import type {
  OauthClient,
  OauthClientStatus,
  OauthClientType,
} from '#libs/database/identity/oauth-client.entity.js';
import { ChoiceField, FlagField, IdField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import { DisplayNameField } from '#libs/http/input/name-fields.js';
import {
  BackchannelUriField,
  ClientIdField,
  GRANT_TYPES,
  type GrantType,
  GrantTypesField,
  RedirectUrisField,
} from './clients.fields.js';

const TYPES = ['public', 'confidential'] as const satisfies OauthClientType[];
const STATUSES = ['active', 'disabled'] as const satisfies OauthClientStatus[];
const ROLE = 'What the client may do with its own token (client credentials).';
const FIRST_PARTY = 'Its users see no consent page.';

export class CreateClient {
  @ClientIdField({ optional: true, description: 'Made if it is omitted.' })
  client_id?: string;

  @DisplayNameField({ example: 'Frontend' })
  name: string;

  @ChoiceField(TYPES, { example: 'public', description: 'A public client cannot keep a secret.' })
  type: OauthClientType;

  @GrantTypesField({
    optional: true,
    description: 'Default: `authorization_code` and `refresh_token`.',
    example: ['authorization_code', 'refresh_token'],
  })
  grant_types?: GrantType[];

  @RedirectUrisField({ optional: true })
  redirect_uris?: string[];

  @RedirectUrisField({ optional: true, example: ['https://app.example.com/'] })
  post_logout_redirect_uris?: string[];

  @BackchannelUriField({ optional: true, nullable: true })
  backchannel_logout_uri?: string | null;

  @FlagField({ optional: true, description: FIRST_PARTY, example: true })
  first_party?: boolean;

  @IdField({ optional: true, nullable: true, description: ROLE })
  role_id?: string | null;

  @ChoiceField(STATUSES, { optional: true, example: 'active' })
  status?: OauthClientStatus;
}

/** Omitted fields keep their values; an empty object changes nothing. Id and type cannot be changed. */
export class UpdateClient {
  @DisplayNameField({ optional: true, example: 'Frontend' })
  name?: string;

  @GrantTypesField({ optional: true })
  grant_types?: GrantType[];

  @RedirectUrisField({ optional: true })
  redirect_uris?: string[];

  @RedirectUrisField({ optional: true, example: ['https://app.example.com/'] })
  post_logout_redirect_uris?: string[];

  @BackchannelUriField({ optional: true, nullable: true })
  backchannel_logout_uri?: string | null;

  @FlagField({ optional: true, description: FIRST_PARTY })
  first_party?: boolean;

  @IdField({ optional: true, nullable: true, description: ROLE })
  role_id?: string | null;

  @ChoiceField(STATUSES, {
    optional: true,
    description: '`disabled` ends its sessions.',
    example: 'disabled',
  })
  status?: OauthClientStatus;
}

export class ClientListQuery extends SearchableListQuery {
  @SortField(['created_at', 'client_id'])
  sort?: string;
}

export class ClientReply {
  @ApiProperty({ example: 'frontend' })
  client_id: string;

  @ApiProperty({ example: 'Frontend' })
  name: string;

  @ApiProperty({ enum: TYPES, example: 'public' })
  type: OauthClientType;

  @ApiProperty({ enum: GRANT_TYPES, isArray: true, example: ['authorization_code', 'refresh_token'] })
  grant_types: string[];

  @ApiProperty({ type: [String], example: ['https://app.example.com/callback'] })
  redirect_uris: string[];

  @ApiProperty({ type: [String], example: ['https://app.example.com/'] })
  post_logout_redirect_uris: string[];

  @ApiProperty({ type: String, nullable: true, example: null })
  backchannel_logout_uri: string | null;

  @ApiProperty({ example: true })
  first_party: boolean;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  role_id: string | null;

  @ApiProperty({ enum: STATUSES, example: 'active' })
  status: OauthClientStatus;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  updated_at: string;
}

/** The reply that makes a secret: it is never shown again. */
export class ClientWithSecretReply extends ClientReply {
  @ApiProperty({
    type: String,
    required: false,
    description: 'Of a confidential client. It is never shown again.',
    example: 'c2VjcmV0LXRoYXQtaXMtbmV2ZXItc2hvd24tYWdhaW4tMTIz',
  })
  client_secret?: string;
}

/** The public fields of a client, without its secrets. */
export const mapClient = (client: OauthClient): ClientReply => ({
  client_id: client.clientId,
  name: client.name,
  type: client.type,
  grant_types: client.grantTypes,
  redirect_uris: client.redirectUris,
  post_logout_redirect_uris: client.postLogoutRedirectUris,
  backchannel_logout_uri: client.backchannelLogoutUri,
  first_party: client.firstParty,
  role_id: client.roleId,
  status: client.status,
  created_at: client.createdAt.toISOString(),
  updated_at: client.updatedAt.toISOString(),
});

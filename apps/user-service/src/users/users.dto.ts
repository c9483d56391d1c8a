import { ApiProperty } from '@nestjs/swagger';
import { type FieldError, field, rule } from '#libs/http/input/field.js';
import { ChoiceField, TextField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import { DisplayNameField, NameField } from '#libs/http/input/name-fields.js';
import { ISSUER_ID_PATTERN, type IssuerId, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { IssuerField } from '../directory/issuer.field.js';
import { settingsFault } from './settings-rule.js';

/** Has a host, and no user, space or backslash, which browsers interpret in different ways. */
const HTTPS_URL = /^https:\/\/[^\s\\/?#@]+([/?#][^\s\\]*)?$/;

const isHttpsUrl = (value: string): boolean => HTTPS_URL.test(value) && URL.canParse(value);

const SettingsField = (): PropertyDecorator =>
  field(
    {
      optional: true,
      nullable: true,
      description:
        'A JSON object of at most 16 KiB and 32 levels. It replaces the old one; `null` empties it.',
      example: { theme: 'dark' },
    },
    { type: 'object', additionalProperties: true },
    (value): FieldError | null => settingsFault(value),
  );

/** What users may change of their own profile. Fields that are left out keep their values. */
export class ProfileChange {
  @NameField({ optional: true, example: 'Ada', description: 'Owned by the issuer.' })
  first_name?: string;

  @NameField({ optional: true, example: 'Lovelace', description: 'Owned by the issuer.' })
  last_name?: string;

  @DisplayNameField({ optional: true, nullable: true, example: 'Countess' })
  display_name?: string | null;

  @TextField({
    max: 2048,
    optional: true,
    nullable: true,
    example: 'https://images.example.com/ada.png',
    rules: [rule(isHttpsUrl, 'https_url_expected', 'This must be an https URL.')],
    schema: { format: 'uri', pattern: '^https://' },
  })
  profile_picture?: string | null;

  @SettingsField()
  settings?: Record<string, unknown> | null;
}

export class StatusChange {
  @ChoiceField(['active', 'suspended'], { optional: true })
  status?: 'active' | 'suspended';
}

export class UserListQuery extends SearchableListQuery {
  @SortField(['created_at', 'username', 'email'])
  sort?: string;

  @IssuerField({ optional: true })
  issuer?: IssuerId;

  @ChoiceField(['active', 'suspended'], { optional: true })
  status?: 'active' | 'suspended';

  @TextField({ max: 255, optional: true, description: 'Case-insensitive.' })
  username?: string;

  @TextField({ max: 254, optional: true, description: 'Case-insensitive.' })
  email?: string;
}

export class ProfileReply {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, pattern: ISSUER_ID_PATTERN, example: NATIVE_ISSUER })
  issuer: IssuerId;

  @ApiProperty({ example: 'b7c9f0a2-6f1d-4a55-9d1c-2f6a4f1f0c11' })
  sub: string;

  @ApiProperty({ type: String, nullable: true, example: 'ada' })
  username: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  email: string | null;

  @ApiProperty({ example: true, description: 'The issuer has verified that the address is the user’s.' })
  email_verified: boolean;

  @ApiProperty({ type: String, nullable: true, example: 'Ada' })
  first_name: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Lovelace' })
  last_name: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Countess' })
  display_name: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'https://images.example.com/ada.png' })
  profile_picture: string | null;

  @ApiProperty({ enum: ['active', 'suspended'] })
  status: 'active' | 'suspended';

  @ApiProperty({ type: 'object', additionalProperties: true, example: { theme: 'dark' } })
  settings: Record<string, unknown>;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

/** JSON of any form, as the user has stored it. */
export class SettingsReply {
  [name: string]: unknown;
}

import { ApiProperty } from '@nestjs/swagger';
import { type FieldError, field, rule } from '#libs/http/input/field.js';
import { ChoiceField, TextField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import { DisplayNameField, NameField } from '#libs/http/input/name-fields.js';
import { settingsFault } from './settings-rule.js';

/** With a host, and nothing that a browser would read otherwise than it is written: no user, space or backslash. */
const HTTPS_URL = /^https:\/\/[^\s\\/?#@]+([/?#][^\s\\]*)?$/;

const isHttpsUrl = (value: string): boolean => HTTPS_URL.test(value) && URL.canParse(value);

const SettingsField = (): PropertyDecorator =>
  field(
    {
      optional: true,
      nullable: true,
      description:
        'A JSON object of at most 16 KiB and 32 levels; it replaces the old one. `null` empties it.',
      example: { theme: 'dark' },
    },
    { type: 'object', additionalProperties: true },
    (value): FieldError | null => settingsFault(value),
  );

/** What a person may change of themselves: what is left out stays. */
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

  @ChoiceField(['native', 'keycloak'], { optional: true })
  issuer?: 'native' | 'keycloak';

  @ChoiceField(['active', 'suspended'], { optional: true })
  status?: 'active' | 'suspended';

  @TextField({ max: 255, optional: true, description: 'Without regard to case.' })
  username?: string;

  @TextField({ max: 254, optional: true, description: 'Without regard to case.' })
  email?: string;
}

export class ProfileReply {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['native', 'keycloak'] })
  issuer: 'native' | 'keycloak';

  @ApiProperty({ example: 'b7c9f0a2-6f1d-4a55-9d1c-2f6a4f1f0c11' })
  sub: string;

  @ApiProperty({ type: String, nullable: true, example: 'ada' })
  username: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  email: string | null;

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

/** A person's own JSON, in his own form. */
export class SettingsReply {
  [name: string]: unknown;
}

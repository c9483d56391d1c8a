import { ApiProperty } from '@nestjs/swagger';
import { isStorable } from '#libs/core/ids.js';
import { field } from '#libs/http/input/field.js';
import { IdListField, listRules } from '#libs/http/input/fields.js';
import { ListQuery } from '#libs/http/input/list-query.js';

const MAX_NAMES = 100;
/** Keycloak's own limit. */
const MAX_NAME = 255;

const RealmRolesField = (): PropertyDecorator =>
  field(
    {
      optional: true,
      description:
        "Names of Keycloak's realm roles. A role that `KEYCLOAK_ROLE_MAP` does not map grants nothing.",
      example: ['twinkey-admin'],
    },
    {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: MAX_NAME },
      minItems: 1,
      maxItems: MAX_NAMES,
    },
    ...listRules(1, MAX_NAMES, (name) =>
      typeof name === 'string' && name.length >= 1 && name.length <= MAX_NAME && isStorable(name)
        ? null
        : { code: 'invalid_name', message: `A string of 1 to ${MAX_NAME} characters.` },
    ),
  );

export class RightsQuestion {
  @IdListField({
    optional: true,
    max: MAX_NAMES,
    description: 'An account that does not exist has no permissions.',
  })
  account_ids?: string[];

  @RealmRolesField()
  realm_roles?: string[];
}

const EXCEEDS = { description: 'Whether it has a permission that you do not have.' };
const EVERYTHING = { description: 'Whether it has every permission (`*`).' };

export class AccountRightsReply {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty(EXCEEDS)
  exceeds: boolean;

  @ApiProperty(EVERYTHING)
  everything: boolean;
}

export class RealmRoleRightsReply {
  @ApiProperty({ example: 'twinkey-admin' })
  name: string;

  @ApiProperty(EXCEEDS)
  exceeds: boolean;

  @ApiProperty(EVERYTHING)
  everything: boolean;
}

/** One entry for each entry of the request, in the same order. */
export class RightsComparisonReply {
  @ApiProperty({ type: [AccountRightsReply] })
  accounts: AccountRightsReply[];

  @ApiProperty({ type: [RealmRoleRightsReply] })
  realm_roles: RealmRoleRightsReply[];
}

/** Sorted by the time of creation. */
export class AdministratorListQuery extends ListQuery {}

export class AdministratorReply {
  @ApiProperty({ format: 'uuid' })
  id: string;
}

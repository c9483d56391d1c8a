import { ApiProperty } from '@nestjs/swagger';
import type { Account, AccountStatus } from '#libs/database/identity/account.entity.js';
import type { Role } from '#libs/database/identity/role.entity.js';
import { ChoiceField, EmailField, FlagField, IdField } from '#libs/http/input/fields.js';
import { SearchableListQuery, SortField } from '#libs/http/input/list-query.js';
import { NameField } from '#libs/http/input/name-fields.js';
import { NewPasswordField } from '../passwords/new-password.field.js';

export const STATUSES = ['active', 'disabled'] as const satisfies AccountStatus[];

export class CreateAccount {
  @EmailField()
  email: string;

  @NewPasswordField()
  password: string;

  @IdField()
  role_id: string;

  @NameField({ optional: true, nullable: true, example: 'Ada' })
  first_name?: string | null;

  @NameField({ optional: true, nullable: true, example: 'Lovelace' })
  last_name?: string | null;

  @ChoiceField(STATUSES, { optional: true, example: 'active' })
  status?: AccountStatus;

  @FlagField({ optional: true, example: false, description: 'False unless given.' })
  email_verified?: boolean;
}

/** Omitted fields keep their values; an empty object changes nothing. */
export class UpdateAccount {
  @EmailField({ optional: true })
  email?: string;

  @NewPasswordField({ optional: true, description: 'Ends all sessions of the account.' })
  password?: string;

  @IdField({ optional: true })
  role_id?: string;

  @NameField({ optional: true, nullable: true, example: 'Ada' })
  first_name?: string | null;

  @NameField({ optional: true, nullable: true, example: 'Lovelace' })
  last_name?: string | null;

  @ChoiceField(STATUSES, { optional: true, example: 'disabled' })
  status?: AccountStatus;

  @FlagField({
    optional: true,
    example: true,
    description: 'A new email is not verified unless this is true.',
  })
  email_verified?: boolean;
}

export class AccountListQuery extends SearchableListQuery {
  @SortField(['created_at', 'email'])
  sort?: string;

  @IdField({ optional: true })
  role_id?: string;

  @ChoiceField(STATUSES, { optional: true })
  status?: AccountStatus;
}

export class AccountRoleReply {
  @ApiProperty({ format: 'uuid', example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0002' })
  id: string;

  @ApiProperty({ example: 'support' })
  name: string;
}

export class AccountReply {
  @ApiProperty({ format: 'uuid', example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001' })
  id: string;

  @ApiProperty({ example: 'ada@example.com' })
  email: string;

  @ApiProperty({ example: true })
  email_verified: boolean;

  @ApiProperty({ type: String, nullable: true, example: 'Ada' })
  first_name: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Lovelace' })
  last_name: string | null;

  @ApiProperty({ enum: STATUSES, example: 'active' })
  status: AccountStatus;

  @ApiProperty({ type: AccountRoleReply })
  role: AccountRoleReply;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  updated_at: string;
}

type PublicAccount = Pick<
  Account,
  'id' | 'email' | 'emailVerified' | 'firstName' | 'lastName' | 'status' | 'createdAt' | 'updatedAt'
>;

/** The public fields of an account, without the password hash. */
export function mapAccount(account: PublicAccount, role: Pick<Role, 'id' | 'name'>): AccountReply {
  return {
    id: account.id,
    email: account.email,
    email_verified: account.emailVerified,
    first_name: account.firstName,
    last_name: account.lastName,
    status: account.status,
    role: { id: role.id, name: role.name },
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
  };
}

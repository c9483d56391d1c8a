import { ApiProperty } from '@nestjs/swagger';
import { NameField } from '#libs/http/input/name-fields.js';
import { ISSUER_ID_PATTERN, type IssuerId, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { AccountReply } from '../accounts/accounts.dto.js';
import { NewPasswordField } from '../passwords/new-password.field.js';
import { GivenPasswordField } from './auth.dto.js';

export class PasswordChange {
  @GivenPasswordField()
  current_password: string;

  @NewPasswordField()
  new_password: string;
}

export class OwnName {
  @NameField({ optional: true, nullable: true, example: 'Ada' })
  first_name?: string | null;

  @NameField({ optional: true, nullable: true, example: 'Lovelace' })
  last_name?: string | null;
}

export class TokenReply {
  @ApiProperty({ type: String, nullable: true })
  id: string | null;

  @ApiProperty({ format: 'date-time' })
  issued_at: string;

  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}

/** The principal of any issuer, with its current rights. */
export class MeReply {
  @ApiProperty({ type: String, pattern: ISSUER_ID_PATTERN, example: NATIVE_ISSUER })
  issuer: IssuerId;

  @ApiProperty({ example: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001' })
  sub: string;

  @ApiProperty({ type: String, nullable: true, example: 'admin@example.com' })
  username: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'admin@example.com' })
  email: string | null;

  @ApiProperty({ example: true, description: 'The issuer has verified that the address is the caller’s.' })
  email_verified: boolean;

  @ApiProperty({ type: String, nullable: true, example: 'Ada' })
  first_name: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Lovelace' })
  last_name: string | null;

  @ApiProperty({ enum: ['person', 'service'] })
  kind: 'person' | 'service';

  @ApiProperty({ type: [String], example: ['admin'] })
  roles: readonly string[];

  @ApiProperty({ type: [String], example: ['*'] })
  permissions: readonly string[];

  @ApiProperty({ type: TokenReply })
  token: TokenReply;

  @ApiProperty({ type: AccountReply, nullable: true, description: 'Null for a Keycloak token.' })
  account: AccountReply | null;
}

import { ApiProperty } from '@nestjs/swagger';
import { EmailField } from '#libs/http/input/fields.js';
import { GivenPasswordField } from './given-password.field.js';

export class Login {
  @EmailField({ example: 'admin@example.com' })
  email: string;

  @GivenPasswordField()
  password: string;
}

/** This is the only reply in camelCase; clients depend on it. */
export class IssuedToken {
  @ApiProperty({ enum: ['Bearer'] })
  tokenType: 'Bearer';

  @ApiProperty({ description: 'A JWT, signed with RS256.' })
  token: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt: string;
}

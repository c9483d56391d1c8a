import { ApiProperty } from '@nestjs/swagger';
import { type FieldOptions, field, rule } from '#libs/http/input/field.js';
import { EmailField, TextField } from '#libs/http/input/fields.js';
import type { LiveSession } from '../sessions/session-opener.js';
import type { AccessToken } from '../tokens/token-issuer.js';

const MAX_LOGIN_PASSWORD = 1_024;

/**
 * A password that is only compared: any string of up to 1,024 bytes. The characters and bcrypt's length limit are not
 * checked here, so that the reply does not reveal which passwords are possible.
 */
export const GivenPasswordField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { ...options, example: 'admin123' },
    { type: String, format: 'password', maxLength: MAX_LOGIN_PASSWORD },
    rule((value: unknown) => typeof value === 'string', 'string_expected', 'This must be a string.'),
    rule(
      (value: string) => Buffer.byteLength(value) <= MAX_LOGIN_PASSWORD,
      'too_long',
      'The password must have at most 1,024 bytes in UTF-8.',
    ),
  );

export class Login {
  @EmailField({ example: 'admin@example.com' })
  email: string;

  @GivenPasswordField()
  password: string;

  @TextField({
    min: 1,
    max: 64,
    optional: true,
    example: '123456',
    description: 'For accounts with a second factor: the code of an authenticator app, or a recovery code.',
  })
  code?: string;
}

export class Refresh {
  @TextField({ max: 8_192, example: 'xNUGzYpPqUO0bqkJgP1XhA0vJ0Bq6tnnm4dFZsVqYxM' })
  refresh_token: string;
}

/** This is the only reply in camelCase; clients depend on it. */
export class IssuedToken {
  @ApiProperty({ enum: ['Bearer'] })
  tokenType: 'Bearer';

  @ApiProperty({ description: 'A JWT, signed with RS256.' })
  token: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt: string;

  @ApiProperty({ required: false, description: 'If `REFRESH_TOKEN_DAYS` is set. It can be used once.' })
  refreshToken?: string;

  @ApiProperty({
    required: false,
    format: 'date-time',
    description: 'When the session ends unless refreshed.',
  })
  refreshExpiresAt?: string;
}

export const mapIssuedToken = (access: AccessToken, session: LiveSession): IssuedToken => ({
  tokenType: 'Bearer',
  token: access.token,
  expiresAt: access.expiresAt.toISOString(),
  ...(session.refreshToken === null
    ? {}
    : { refreshToken: session.refreshToken, refreshExpiresAt: session.expiresAt.toISOString() }),
});

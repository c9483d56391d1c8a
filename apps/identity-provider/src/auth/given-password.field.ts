import { type FieldOptions, field, rule } from '#libs/http/input/field.js';

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

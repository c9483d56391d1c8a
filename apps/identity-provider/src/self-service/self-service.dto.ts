import { isMailAddress } from '#libs/config/parse/mail.js';
import { rule } from '#libs/http/input/field.js';
import { EmailField, TextField } from '#libs/http/input/fields.js';
import { NameField } from '#libs/http/input/name-fields.js';
import { GivenPasswordField } from '../auth/auth.dto.js';
import { NewPasswordField } from '../passwords/new-password.field.js';

/** An address that mails can be sent to: of those that an account can have, not one with quotes. */
const MailableEmailField = (): PropertyDecorator =>
  EmailField({
    rules: [
      rule(
        (value: string) => isMailAddress(value.trim()),
        'invalid_email',
        'No mail can be sent to this address.',
      ),
    ],
  });

const LinkTokenField = (): PropertyDecorator =>
  TextField({
    max: 1_024,
    example: 'xNUGzYpPqUO0bqkJgP1XhA0vJ0Bq6tnnm4dFZsVqYxM',
    description: 'Of the link in the mail.',
  });

export class Registration {
  @MailableEmailField()
  email: string;

  @NewPasswordField()
  password: string;

  @NameField({ optional: true, nullable: true, example: 'Ada' })
  first_name?: string | null;

  @NameField({ optional: true, nullable: true, example: 'Lovelace' })
  last_name?: string | null;
}

export class LinkToken {
  @LinkTokenField()
  token: string;
}

export class ForgottenPassword {
  @MailableEmailField()
  email: string;
}

export class PasswordReset {
  @LinkTokenField()
  token: string;

  @NewPasswordField()
  new_password: string;
}

export class EmailChange {
  @MailableEmailField()
  email: string;

  @GivenPasswordField()
  current_password: string;
}

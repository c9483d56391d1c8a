import { type FieldOptions, field, rule } from '#libs/http/input/field.js';
import { BreachedPasswords } from './breached-passwords.js';
import { passwordFaults } from './password-policy.js';

/**
 * A new password. If the same body has an `email`, the password is compared with it. Otherwise the service calls
 * `passwordFaults` with the email of the account.
 */
export const NewPasswordField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    {
      example: 'securepass123',
      ...options,
      description: ['8 to 72 bytes in UTF-8 after NFC normalization, no common one.', options.description]
        .filter(Boolean)
        .join(' '),
    },
    { type: String, format: 'password', minLength: 8, maxLength: 72 },
    rule((value: unknown) => typeof value === 'string', 'string_expected', 'This must be a string.'),
    (value, input, providers) => {
      const email = 'email' in input && typeof input.email === 'string' ? input.email : undefined;
      const faults = passwordFaults(value as string, email);
      return faults.length > 0 ? faults : providers(BreachedPasswords).faultsOf(value as string);
    },
  );

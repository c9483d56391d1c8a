import type { ApiPropertyOptions } from '@nestjs/swagger';
import { isEmail } from 'class-validator/cjs/decorator/string/IsEmail.js';
import { isId, isStorable } from '#libs/core/ids.js';
import { type FieldError, type FieldOptions, field, type Rule, rule } from './field.js';

export const stringRule: Rule = rule(
  (value: unknown) => typeof value === 'string',
  'string_expected',
  'This must be a string.',
);
export const storableRule: Rule = rule(
  isStorable,
  'invalid_characters',
  'NUL and lone surrogates are not allowed.',
);

/** Counts code points, as OpenAPI's `maxLength` does. */
const lengthOf = (value: string): number => [...value].length;

export const lengthRule =
  (min: number, max: number): Rule =>
  (value) => {
    const length = lengthOf(value as string);
    if (length < min)
      return { code: 'too_short', message: `At least ${min} character${min === 1 ? '' : 's'}.` };
    if (length > max) return { code: 'too_long', message: `At most ${max} characters.` };
    return null;
  };

export interface TextOptions extends FieldOptions {
  min?: number;
  max: number;
  /** More rules, after those for type, characters and length. */
  rules?: Rule[];
  schema?: ApiPropertyOptions;
}

/** Text of `min` (default: 0) to `max` characters. */
export const TextField = ({ min = 0, max, rules = [], schema, ...options }: TextOptions): PropertyDecorator =>
  field(
    options,
    { type: String, ...(min > 0 ? { minLength: min } : {}), maxLength: max, ...schema } as ApiPropertyOptions,
    stringRule,
    storableRule,
    lengthRule(min, max),
    ...rules,
  );

/** An email address of at most 254 characters (RFC 5321, section 4.5.3.1.3), not counting surrounding white space. */
export const EmailField = ({
  rules = [],
  ...options
}: FieldOptions & { rules?: Rule[] } = {}): PropertyDecorator =>
  field(
    { example: 'ada@example.com', ...options },
    { type: String, format: 'email', maxLength: 254 },
    stringRule,
    storableRule,
    rule((value: string) => lengthOf(value.trim()) <= 254, 'too_long', 'At most 254 characters.'),
    rule(
      (value: string) => isEmail(value.trim(), { allow_utf8_local_part: true, ignore_max_length: true }),
      'invalid_email',
      'This is not an email address.',
    ),
    ...rules,
  );

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const PERMISSION = /^[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$/;

/** A role's name. */
export const RoleNameField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { example: 'support', ...options },
    { type: String, pattern: TOKEN.source },
    stringRule,
    rule(
      (value: string) => TOKEN.test(value),
      'invalid_name',
      'Use 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.',
    ),
  );

/** A permission's name: `resource:action`. */
export const PermissionNameField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { example: 'invoices:read', ...options },
    { type: String, pattern: PERMISSION.source },
    stringRule,
    rule(
      (value: string) => PERMISSION.test(value),
      'invalid_name',
      'Use resource:action, each 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.',
    ),
  );

export const IdField = (options: FieldOptions = {}): PropertyDecorator =>
  field(options, { type: String, format: 'uuid' }, rule(isId, 'invalid_id', 'This must be a UUID.'));

export const IdListField = ({
  min = 1,
  max = 100,
  ...options
}: FieldOptions & { min?: number; max?: number } = {}): PropertyDecorator =>
  field(
    options,
    {
      type: 'array',
      items: { type: 'string', format: 'uuid' },
      minItems: min,
      maxItems: max,
    } as ApiPropertyOptions,
    ...listRules(min, max, (value) =>
      isId(value) ? null : { code: 'invalid_id', message: 'This must be a UUID.' },
    ),
  );

/** The rules of a list: its length, then `each` for every entry. Errors name the index of the entry. */
export const listRules = (min: number, max: number, each: (value: unknown) => FieldError | null): Rule[] => [
  rule(Array.isArray, 'array_expected', 'This must be an array.'),
  rule((value: unknown[]) => value.length >= min, 'too_few', `At least ${min} entries.`),
  rule((value: unknown[]) => value.length <= max, 'too_many', `At most ${max} entries.`),
  (value) =>
    (value as unknown[]).flatMap((entry, index) => {
      const error = each(entry);
      return error ? [{ ...error, path: `[${index}]` }] : [];
    }),
];

export const ChoiceField = (choices: readonly string[], options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    { type: String, enum: [...choices] } as ApiPropertyOptions,
    rule(
      (value: unknown) => choices.includes(value as string),
      'invalid_choice',
      `One of: ${choices.join(', ')}.`,
    ),
  );

export const FlagField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    { type: Boolean },
    rule((value: unknown) => typeof value === 'boolean', 'boolean_expected', 'This must be true or false.'),
  );

import type { ApiPropertyOptions } from '@nestjs/swagger';
import { type FieldOptions, field, type Rule, rule } from './field.js';
import { lengthRule, storableRule, stringRule } from './fields.js';

/** White space and what no font shows: a name of these alone looks like none, and Keycloak erases some of them. */
const BLANK = /^[\s\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}]*$/u;
const CONTROL = /\p{Cc}/u;

const nameRules = (max: number): Rule[] => [
  stringRule,
  storableRule,
  rule((value: string) => !CONTROL.test(value), 'invalid_characters', 'Control characters are not allowed.'),
  rule((value: string) => !BLANK.test(value), 'too_short', 'At least one visible character.'),
  lengthRule(1, max),
];

const schemaOf = (max: number): ApiPropertyOptions => ({ type: String, minLength: 1, maxLength: max });

const trimmed = (value: unknown): unknown => (typeof value === 'string' ? value.trim() : value);

const described = (rule: string, { description, ...options }: FieldOptions): FieldOptions => ({
  ...options,
  description: [rule, description].filter(Boolean).join(' '),
});

/** A person's first or last name, without surrounding white space. */
export const NameField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { ...described('Trimmed; not blank, no control characters.', options), normalize: trimmed },
    schemaOf(255),
    ...nameRules(255),
  );

/** What a person wants to be called here, as it was sent. */
export const DisplayNameField = (options: FieldOptions = {}): PropertyDecorator =>
  field(described('Not blank, no control characters.', options), schemaOf(100), ...nameRules(100));

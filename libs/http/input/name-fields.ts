import type { ApiPropertyOptions } from '@nestjs/swagger';
import { type FieldOptions, field, type Rule, rule } from './field.js';
import { lengthRule, storableRule, stringRule } from './fields.js';

/** White space and invisible characters. A name of only these looks empty, and Keycloak removes some of them. */
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

/** A first or last name. Surrounding white space is removed. */
export const NameField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    { ...described('Trimmed; not blank, no control characters.', options), normalize: trimmed },
    schemaOf(255),
    ...nameRules(255),
  );

/** The name that a user chooses for themselves. White space is kept. */
export const DisplayNameField = (options: FieldOptions = {}): PropertyDecorator =>
  field(described('Not blank, no control characters.', options), schemaOf(100), ...nameRules(100));

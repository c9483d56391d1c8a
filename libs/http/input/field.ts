import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import type { ValidationArguments } from 'class-validator';
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
import { Validator } from 'class-validator/cjs/validation/Validator.js';
import type { ErrorEntry } from '../replies/api-error.js';

/** An error in the value of a field. `path` is the place inside the value: `[2]`. */
export interface FieldError {
  path?: string;
  code: string;
  message: string;
}

/** Returns a provider of the application that receives the input. */
export type Providers = <T>(type: Type<T>) => T;

/**
 * Checks a value that is present. Returns its errors: none if it is valid.
 * `providers` is for rules that depend on the settings.
 */
export type Rule = (value: unknown, input: object, providers: Providers) => FieldError[] | FieldError | null;

export interface FieldOptions {
  /** The field can be omitted. */
  optional?: boolean;
  /** `null` is allowed, and clears the field. */
  nullable?: boolean;
  description?: string;
  example?: unknown;
  /** Converts the value that was sent, before the rules check it. */
  normalize?: Normalize;
}

export type Normalize = (value: unknown) => unknown;
type Fields = ReadonlyMap<string, Normalize | undefined>;

const FIELDS = Symbol('fields');
const NONE: Fields = new Map();

/** The fields that an input class declares with `field`, inherited ones included, with their normalization. */
export const fieldsOf = (type: Type): Fields => Reflect.getMetadata(FIELDS, type.prototype) ?? NONE;

const REQUIRED: FieldError = { code: 'required', message: 'This field is required.' };
const NOT_NULL: FieldError = { code: 'null_not_allowed', message: 'This field cannot be null.' };

const validator = new Validator();
/** What class-validator does not pass on: to the rules the providers, from the rules more than a text. */
const validations = new WeakMap<object, { errors: ErrorEntry[]; providers: Providers }>();

/** Checks all fields of an input object. @returns every error */
export function validateFields(input: object, providers: Providers): ErrorEntry[] {
  const errors: ErrorEntry[] = [];
  validations.set(input, { errors, providers });
  const failed = validator.validateSync(input, { forbidUnknownValues: false });
  if (failed.length > 0 && errors.length === 0)
    throw new Error('Declare the rules of an input with field().');
  return errors;
}

/**
 * Declares a field: its rules, in order, up to the first that fails, and its OpenAPI property.
 * One decorator for both, so that the document always matches the validation.
 */
export function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  ...rules: Rule[]
): PropertyDecorator {
  const check = (value: unknown, input: object, providers: Providers): FieldError[] => {
    if (value === undefined) return options.optional ? [] : [REQUIRED];
    if (value === null) return options.nullable ? [] : [NOT_NULL];
    for (const rule of rules) {
      const errors = [rule(value, input, providers) ?? []].flat();
      if (errors.length > 0) return errors;
    }
    return [];
  };
  return applyDecorators(
    (target: object, name: string | symbol) => {
      const fields = new Map<string | symbol, unknown>(Reflect.getMetadata(FIELDS, target));
      Reflect.defineMetadata(FIELDS, fields.set(name, options.normalize), target);
    },
    ApiProperty({
      ...schema,
      required: !options.optional,
      ...(options.nullable ? { nullable: true } : {}),
      ...(options.description === undefined ? {} : { description: options.description }),
      ...(options.example === undefined ? {} : { example: options.example }),
    } as ApiPropertyOptions),
    ValidateBy({
      name: 'field',
      validator: {
        validate: (value, args) => {
          const { object, property } = args as ValidationArguments;
          const validation = validations.get(object);
          if (!validation) throw new Error('Validate an input with validateFields().');
          const errors = check(value, object, validation.providers);
          for (const { path = '', code, message } of errors) {
            validation.errors.push({ field: property + path, code, message });
          }
          return errors.length === 0;
        },
      },
    }),
  );
}

/** Makes a rule from a predicate. */
export const rule =
  (isValid: (value: never) => boolean, code: string, message: string): Rule =>
  (value) =>
    isValid(value as never) ? null : { code, message };

import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

/** What is wrong with a field's value; `at` names a place inside it: `[2]`. */
export interface FieldError {
  path?: string;
  code: string;
  message: string;
}

/** A rule for a value that is there: the faults it finds, none where the value is good. */
export type Rule = (value: unknown, input: object) => FieldError[] | FieldError | null;

export interface FieldOptions {
  /** May be left out. */
  optional?: boolean;
  /** `null` is taken, and clears the field. */
  nullable?: boolean;
  description?: string;
  example?: unknown;
  /** What is checked and handed on in place of the value that was sent. */
  normalize?: Normalize;
}

export type Normalize = (value: unknown) => unknown;

const NORMALIZE = Symbol('normalize');

/** What `InputPipe` makes of a field's value before its rules. */
export const getNormalizer = (type: Type, name: string): Normalize | undefined =>
  Reflect.getMetadata(NORMALIZE, type.prototype, name);

const REQUIRED: FieldError = { code: 'required', message: 'This field is required.' };
const NOT_NULL: FieldError = { code: 'null_not_allowed', message: 'This field cannot be null.' };

/**
 * One decorator for one field: its rules in order (the first that fails speaks) and its OpenAPI property,
 * so that the document cannot say other than what is checked.
 */
export function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  ...rules: Rule[]
): PropertyDecorator {
  const faultsOf = (value: unknown, input: object): FieldError[] => {
    if (value === undefined) return options.optional ? [] : [REQUIRED];
    if (value === null) return options.nullable ? [] : [NOT_NULL];
    for (const rule of rules) {
      const found = rule(value, input);
      if (found && (!Array.isArray(found) || found.length > 0)) return [found].flat();
    }
    return [];
  };
  return applyDecorators(
    (target: object, name: string | symbol) =>
      Reflect.defineMetadata(NORMALIZE, options.normalize, target, name),
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
        validate: (value, args) => faultsOf(value, args?.object ?? {}).length === 0,
        // class-validator hands on text alone: the faults travel through it.
        defaultMessage: (args) => JSON.stringify(faultsOf(args?.value, args?.object ?? {})),
      },
    }),
  );
}

export const readFaults = (message: string): FieldError[] => JSON.parse(message) as FieldError[];

/** A rule from a predicate. */
export const rule =
  (holds: (value: never) => boolean, code: string, message: string): Rule =>
  (value) =>
    holds(value as never) ? null : { code, message };

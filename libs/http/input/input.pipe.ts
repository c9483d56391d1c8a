import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { getMetadataStorage, type ValidationError, validate } from 'class-validator';
import { type ErrorEntry, invalid } from '../replies/api-error.js';
import { type FieldError, getNormalizer, type Normalize, readFaults } from './field.js';

type Fields = ReadonlyMap<string, Normalize | undefined>;

const fieldsByType = new WeakMap<Type, Fields>();

/** Of unknown fields so many are told: an answer is not to outgrow its request. */
export const MAX_UNKNOWN = 50;

/** Classes that have once been content with no field at all, as most requests send a query: they will be again. */
const contentWithNothing = new WeakSet<Type>();

/** The names that an input class declares, those with a field decorator and no others, and how their values are normalized. */
function declaredFields(type: Type): Fields {
  const known = fieldsByType.get(type);
  if (known) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const fields = new Map(
    metadata.map(({ propertyName }) => [propertyName, getNormalizer(type, propertyName)] as const),
  );
  fieldsByType.set(type, fields);
  return fields;
}

/**
 * Checks a body or a query against its class: all wrong fields are told at once (422), each with the name
 * that the request gave it, and nothing undeclared gets through.
 */
@Injectable()
export class InputPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if ((type !== 'body' && type !== 'query') || !metatype || metatype === Object) return value;
    const given = value ?? (type === 'query' || value === undefined ? {} : value);
    if (!isPlainObject(given)) {
      throw invalid([{ field: null, code: 'object_expected', message: 'The body must be a JSON object.' }]);
    }
    const isEmpty = Object.keys(given).length === 0;
    if (isEmpty && contentWithNothing.has(metatype)) return new metatype();
    const fields = declaredFields(metatype);
    const unknown = Object.keys(given)
      .filter((name) => !fields.has(name))
      .slice(0, MAX_UNKNOWN);
    const repeated = type === 'query' ? [...fields.keys()].filter((name) => Array.isArray(given[name])) : [];
    const input: object = new metatype();
    // Values as they were sent, unless their field says otherwise: nothing else walks into them but its rules.
    for (const [name, normalize] of fields) {
      if (!Object.hasOwn(given, name)) continue;
      const sent = repeated.includes(name) ? (given[name] as unknown[])[0] : given[name];
      Object.assign(input, { [name]: normalize ? normalize(sent) : sent });
    }
    const errors = await validate(input, { forbidUnknownValues: false });
    const entries = [
      ...unknown.map(type === 'query' ? unknownParameter : unknownField),
      ...repeated.map(repeatedParameter),
      ...errors.flatMap(entriesOf),
    ];
    if (entries.length > 0) throw invalid(entries);
    if (isEmpty) contentWithNothing.add(metatype);
    return input;
  }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const unknownField = (field: string): ErrorEntry => ({
  field,
  code: 'unknown_field',
  message: 'There is no such field here.',
});

export const unknownParameter = (field: string): ErrorEntry => ({
  field,
  code: 'unknown_parameter',
  message: 'There is no such query parameter here.',
});

const repeatedParameter = (field: string): ErrorEntry => ({
  field,
  code: 'repeated_parameter',
  message: 'This query parameter may stand once.',
});

function entriesOf(error: ValidationError): ErrorEntry[] {
  const faults: FieldError[] = Object.values(error.constraints ?? {}).flatMap(readFaults);
  return faults.map(({ path: at, code, message }) => ({
    field: `${error.property}${at ?? ''}`,
    code,
    message,
  }));
}

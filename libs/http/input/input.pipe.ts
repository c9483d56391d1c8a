import { type ArgumentMetadata, Injectable, Optional, type PipeTransform, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type ErrorEntry, invalid } from '../replies/api-error.js';
import { fieldsOf, validateFields } from './field.js';

/** At most this many unknown fields are reported, so that the response is not larger than the request. */
export const MAX_UNKNOWN = 50;

/** Input classes that accept an empty object. Most requests have an empty query, and validating it takes time. */
const acceptEmpty = new WeakSet<Type>();

/**
 * Validates a body or a query with the fields of its class. One response (422) reports all invalid fields, with their names
 * in the request. Fields that the class does not declare are rejected.
 */
@Injectable()
export class InputPipe implements PipeTransform {
  /** @param modules for rules that need a provider; without it, they fail */
  constructor(@Optional() private readonly modules?: ModuleRef) {}

  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !metatype || metatype === Object) return value;
    const given = value ?? (type === 'query' || value === undefined ? {} : value);
    if (!isPlainObject(given)) {
      throw invalid([{ field: null, code: 'object_expected', message: 'The body must be a JSON object.' }]);
    }
    const isEmpty = Object.keys(given).length === 0;
    if (isEmpty && acceptEmpty.has(metatype)) return new metatype();
    const fields = fieldsOf(metatype);
    const unknown = Object.keys(given)
      .filter((name) => !fields.has(name))
      .slice(0, MAX_UNKNOWN);
    const repeated = type === 'query' ? [...fields.keys()].filter((name) => Array.isArray(given[name])) : [];
    const input: object = new metatype();
    // Values are copied without a look inside: only the rules of a field know how deep its value may be.
    for (const [name, normalize] of fields) {
      if (!Object.hasOwn(given, name)) continue;
      const sent = repeated.includes(name) ? (given[name] as unknown[])[0] : given[name];
      Object.assign(input, { [name]: normalize ? normalize(sent) : sent });
    }
    const entries = [
      ...unknown.map(type === 'query' ? unknownParameter : unknownField),
      ...repeated.map(repeatedParameter),
      ...validateFields(input, (provider) => this.get(provider)),
    ];
    if (entries.length > 0) throw invalid(entries);
    if (isEmpty) acceptEmpty.add(metatype);
    return input;
  }

  private get<T>(provider: Type<T>): T {
    if (!this.modules)
      throw new Error(`Only an application can check this input: it needs ${provider.name}.`);
    return this.modules.get(provider, { strict: false });
  }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const unknownField = (field: string): ErrorEntry => ({
  field,
  code: 'unknown_field',
  message: 'This field does not exist.',
});

export const unknownParameter = (field: string): ErrorEntry => ({
  field,
  code: 'unknown_parameter',
  message: 'This query parameter does not exist.',
});

const repeatedParameter = (field: string): ErrorEntry => ({
  field,
  code: 'repeated_parameter',
  message: 'This query parameter can be given only once.',
});

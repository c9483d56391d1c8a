import type { OpenAPIObject } from '@nestjs/swagger';
import { type MediaType, operationsOf, resolve, type Schema } from './document-parts.js';

/** Examples by format, for schemas without an example. */
const BY_FORMAT: Record<string, string> = {
  uuid: '01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e',
  'date-time': '2026-01-31T09:30:00.000Z',
  email: 'ada@example.com',
  uri: 'https://example.com/ada.png',
};

/** Adds an example to each body, response and path parameter that has none. */
export function addExamples(document: OpenAPIObject): void {
  const addExample = (content: Record<string, MediaType> | undefined) => {
    for (const media of Object.values(content ?? {})) {
      if (media.example !== undefined || media.examples || !media.schema) continue;
      media.example = createExample(document, media.schema);
    }
  };
  for (const { operation } of operationsOf(document)) {
    for (const parameter of operation.parameters ?? []) {
      if ('$ref' in parameter || parameter.in !== 'path' || !parameter.schema) continue;
      parameter.example ??= createExample(document, parameter.schema);
    }
    if (operation.requestBody && !('$ref' in operation.requestBody))
      addExample(operation.requestBody.content);
    for (const response of Object.values(operation.responses)) {
      if (response && !('$ref' in response)) addExample(response.content);
    }
  }
}

/** Returns the schema's own example, or else its default, its first choice, or a value of its type. */
export function createExample(document: OpenAPIObject, node: Schema): unknown {
  const schema = resolve(document, node);
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (choice) return createExample(document, choice);
  const type = [schema.type].flat()[0];
  if (type === 'object') return objectOf(document, schema);
  if (type === 'array') return schema.items ? [createExample(document, schema.items)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type === 'string') return BY_FORMAT[schema.format ?? ''] ?? 'text'.padEnd(schema.minLength ?? 0, '.');
  return null;
}

function objectOf(
  document: OpenAPIObject,
  { properties, additionalProperties }: Exclude<Schema, { $ref: string }>,
) {
  if (properties) {
    const entries = Object.entries(properties).map(([name, value]) => [name, createExample(document, value)]);
    return Object.fromEntries(entries) as unknown;
  }
  return typeof additionalProperties === 'object'
    ? { name: createExample(document, additionalProperties) }
    : {};
}

import type { OpenAPIObject } from '@nestjs/swagger';

// @nestjs/swagger exports only the type of the whole document.
export type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']>;
export type Components = NonNullable<OpenAPIObject['components']>;
export type Schema = NonNullable<Components['schemas']>[string];
export type Response = Exclude<NonNullable<Components['responses']>[string], { $ref: string }>;
export type Headers = NonNullable<Components['headers']>;
export type Parameter = NonNullable<Operation['parameters']>[number];
export type MediaType = NonNullable<Response['content']>[string];

export const DOCUMENTED_METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof DOCUMENTED_METHODS)[number];

/** All operations of a document. */
export function* operationsOf(
  document: OpenAPIObject,
): Generator<{ path: string; method: Method; operation: Operation }> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of DOCUMENTED_METHODS) {
      const operation = item[method];
      if (operation) yield { path, method, operation };
    }
  }
}

/** Resolves a reference inside the document. */
export function resolve<T extends object>(document: OpenAPIObject, node: T | { $ref: string }): T {
  if (!('$ref' in node)) return node;
  const [section, name] = node.$ref.replace('#/components/', '').split('/') as [keyof Components, string];
  const target = document.components?.[section]?.[name];
  if (!target) throw new Error(`The OpenAPI document has no ${node.$ref}.`);
  return resolve(document, target as T | { $ref: string });
}

import identityProvider from '../../openapi/identity-provider.json' with { type: 'json' };
import internal from '../../openapi/internal.json' with { type: 'json' };
import userService from '../../openapi/user-service.json' with { type: 'json' };
import type { Listener } from './fuzzed-apps.js';

/** An operation, with the parameters and fields of its requests that take text. */
export interface FuzzedOperation {
  listener: Listener;
  method: string;
  /** `/users/{id}` */
  path: string;
  parameters: { in: 'path' | 'query' | 'header'; name: string }[];
  /** The body's fields that contain text or a list of texts; null without a body. */
  fields: { name: string; isList: boolean }[] | null;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
}

interface DocumentedOperation {
  parameters?: { $ref?: string; in: 'path' | 'query' | 'header'; name: string }[];
  requestBody?: { content: { 'application/json'?: { schema: Schema } } };
}

/** All operations of the documents, except those that take forms: their responses have no envelope. */
export const OPERATIONS: FuzzedOperation[] = [
  ...operationsOf('identity-provider', identityProvider),
  ...operationsOf('user-service', userService),
  ...operationsOf('internal', internal),
];

function operationsOf(listener: Listener, document: { paths: object }): FuzzedOperation[] {
  const resolve = <Part extends { $ref?: string }>(part: Part): Part =>
    part.$ref === undefined
      ? part
      : (part.$ref
          .slice(2)
          .split('/')
          .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], document) as Part);
  // An answer of the authority feed does not end. Its cursor is tested in test/authority-feed.
  const paths = Object.entries(document.paths).filter(([path]) => !path.endsWith('/authority'));
  return paths.flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, DocumentedOperation>).flatMap(
      ([method, { parameters = [], requestBody }]) => {
        const json = requestBody?.content['application/json'];
        if (requestBody && !json) return [];
        const declared = json && resolve(json.schema);
        const schema = declared?.allOf?.[0] ? resolve(declared.allOf[0]) : declared;
        return {
          listener,
          method: method.toUpperCase(),
          path,
          parameters: parameters.map(resolve),
          fields: schema
            ? Object.entries(schema.properties ?? {})
                .map(([name, field]) => ({ name, field: resolve(field) }))
                .filter(({ field }) => containsText(field) || containsText(field.items))
                .map(({ name, field }) => ({ name, isList: field.items !== undefined }))
            : null,
        };
      },
    ),
  );
}

function containsText(schema: Schema | undefined): boolean {
  if (schema === undefined) return false;
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  return [schema.type].flat().includes('string') || choices.some(containsText);
}

import type { OpenAPIObject } from '@nestjs/swagger';
import { DOCUMENTED_METHODS, type PathItem } from './document-parts.js';

/** Sorts the document, so that its order does not depend on the order of controllers. */
export function sortDocument(document: OpenAPIObject): OpenAPIObject {
  const { openapi, info, servers, tags, paths, components } = document;
  return {
    openapi,
    info,
    servers,
    tags,
    paths: sortKeys(paths, (item) => sortOperations(item)),
    components: {
      securitySchemes: sortKeys(components?.securitySchemes),
      schemas: sortKeys(components?.schemas),
      responses: sortKeys(components?.responses),
      headers: sortKeys(components?.headers),
    },
  };
}

function sortOperations(item: PathItem): PathItem {
  const ordered: PathItem = {};
  for (const method of DOCUMENTED_METHODS) {
    const operation = item[method];
    if (!operation) continue;
    const { tags, summary, description, operationId, security, parameters, requestBody, responses, ...rest } =
      operation;
    ordered[method] = {
      tags,
      summary,
      description,
      operationId,
      security,
      parameters: parameters?.length ? parameters : undefined,
      requestBody,
      responses: sortKeys(responses),
      ...rest,
    };
  }
  return ordered;
}

function sortKeys<T>(record: Record<string, T> = {}, each: (value: T) => T = (value) => value) {
  const names = Object.keys(record).sort();
  return Object.fromEntries(names.map((name) => [name, each(record[name] as T)]));
}

import type { OpenAPIObject } from '@nestjs/swagger';
import { type Operation, operationsOf } from './document-parts.js';

/**
 * Links each response that creates a resource to the operations on that resource. The documentation pages show these links,
 * and test tools follow them.
 */
export function addLinks(document: OpenAPIObject): void {
  const operations = [...operationsOf(document)];
  for (const { path, method, operation } of operations) {
    const created = operation.responses['201'];
    if (method !== 'post' || !created || '$ref' in created) continue;
    const onResource = operations.filter((other) => other.path.startsWith(`${path}/{id}`));
    if (onResource.length === 0) continue;
    created.links = Object.fromEntries(onResource.map(({ operation: other }) => linkTo(other)));
  }
}

const linkTo = ({ operationId = '' }: Operation) =>
  [operationId, { operationId, parameters: { id: '$response.body#/data/id' } }] as const;

import type { Method, Operation, Response } from './document-parts.js';
import { createErrorResponse, HEADERS, headerRef, responseName } from './shared-components.js';

/** Adds the error responses of every such route, and the headers of the responses that the handler declares. */
export function addErrorResponses(
  operation: Operation,
  { method, hasPathId }: { method: Method; hasPathId: boolean },
): void {
  const { responses } = operation;
  const isSecured = (operation.security ?? []).length > 0;
  for (const [status, declared] of Object.entries(responses)) {
    if (!declared || '$ref' in declared) continue;
    responses[status] = complete(Number(status), declared);
  }
  const possible = [
    400,
    422,
    ...(isSecured ? [401, 403, 503] : []),
    ...(hasPathId ? [404] : []),
    ...(method === 'get' ? [] : [413, 415]),
    ...(method === 'post' ? [503] : []),
  ];
  for (const status of possible)
    responses[status] ??= { $ref: `#/components/responses/${responseName(status)}` };
}

/** Adds the shared headers to a declared response, and an example to an error. */
function complete(status: number, declared: Response): Response {
  const refersToEnvelope = JSON.stringify(declared.content ?? {}).includes('/ErrorEnvelope"');
  if (refersToEnvelope) {
    const shared = createErrorResponse(status, declared.description);
    return { ...shared, headers: { ...declared.headers, ...shared.headers } };
  }
  const names = ['X-Request-Id', ...Object.keys(declared.headers ?? {}), ...(status === 304 ? ['ETag'] : [])];
  const headers = names.map((name) => [name, HEADERS[name] ? headerRef(name) : declared.headers?.[name]]);
  return { ...declared, headers: Object.fromEntries(headers) };
}

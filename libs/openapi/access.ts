import type { Operation } from './document-parts.js';

type DeclaredOperation = Operation & { 'x-permission'?: string; 'x-native-only'?: boolean };

/**
 * Says who may call an operation, in `security` and in its description. A public operation has an empty `security`:
 * left out, it would mean "as the document's root says", and tools take it for forgotten.
 */
export function describeAccess(operation: DeclaredOperation): void {
  operation.security ??= [];
  const sentence = sentenceOf(operation);
  operation.description = [operation.description, sentence].filter(Boolean).join('\n\n');
}

function sentenceOf({
  security = [],
  'x-permission': permission,
  'x-native-only': isNativeOnly,
}: DeclaredOperation) {
  if (security.length === 0) return 'Needs no access token.';
  if (permission !== undefined) return `Needs the permission \`${permission.replaceAll(' or ', '` or `')}\`.`;
  if (isNativeOnly) return 'Needs a native access token.';
  // An empty requirement makes the others optional: the handler's own description says when they count.
  const isOptional = security.some((requirement) => Object.keys(requirement).length === 0);
  return isOptional ? null : 'Needs an access token of either issuer.';
}

import type { Operation } from './document-parts.js';

type DeclaredOperation = Operation & { 'x-permission'?: string; 'x-native-only'?: boolean };

/**
 * Describes in `security` and in the description who can call an operation. A public operation has an empty `security`:
 * without one, the security of the whole document applies, and tools report it as missing.
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
  // An empty requirement makes the others optional: the handler's description says when they apply.
  const isOptional = security.some((requirement) => Object.keys(requirement).length === 0);
  return isOptional ? null : 'Needs an access token of either issuer.';
}

import { type FieldOptions, field, type Rule } from '#libs/http/input/field.js';
import { ISSUER_ID_PATTERN, type IssuerId, NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { IssuerRegistry } from './issuer-registry.js';

const knownIssuer: Rule = (value, _input, providers) => {
  const { ids } = providers(IssuerRegistry);
  return ids.includes(value as IssuerId)
    ? null
    : { code: 'invalid_choice', message: `One of: ${ids.join(', ')}.` };
};

/** The id of an issuer in the `IssuerRegistry`. */
export const IssuerField = (options: FieldOptions): PropertyDecorator =>
  field(options, { type: String, pattern: ISSUER_ID_PATTERN, example: NATIVE_ISSUER }, knownIssuer);

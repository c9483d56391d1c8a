import { ISSUER_ID_SCHEMA, type IssuerId } from '#libs/core/issuer-id.js';
import { type FieldOptions, field, type Rule } from '#libs/http/input/field.js';
import { IssuerRegistry } from './issuer-registry.js';

const knownIssuer: Rule = (value, _input, providers) => {
  const { ids } = providers(IssuerRegistry);
  return ids.includes(value as IssuerId)
    ? null
    : { code: 'invalid_choice', message: `One of: ${ids.join(', ')}.` };
};

/** The id of an issuer in the `IssuerRegistry`. */
export const IssuerField = (options: FieldOptions): PropertyDecorator =>
  field(options, ISSUER_ID_SCHEMA, knownIssuer);

import { ISSUER_ID_SCHEMA, isIssuerId } from '#libs/core/issuer-id.js';
import { type FieldOptions, field, rule } from '#libs/http/input/field.js';

/** An issuer's id; `IssuerRegistry.assertKnown` checks whether there is such an issuer. */
export const IssuerField = (options: FieldOptions): PropertyDecorator =>
  field(
    options,
    ISSUER_ID_SCHEMA,
    rule((value: unknown) => isIssuerId(value), 'invalid_choice', 'This must be the id of an issuer.'),
  );

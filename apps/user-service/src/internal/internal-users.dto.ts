import { isStorable } from '#libs/core/ids.js';
import { field } from '#libs/http/input/field.js';
import { IdListField, listRules } from '#libs/http/input/fields.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { IssuerField } from '../directory/issuer.field.js';

export class UsernameQuery {
  @IssuerField({
    optional: true,
    description: "The user's issuer. Without it, Keycloak's user is preferred to a native one.",
  })
  issuer?: IssuerId;
}

const MAX_SUB = 255;

const SubListField = (): PropertyDecorator =>
  field(
    { optional: true, description: 'Subjects. One subject may match users of several issuers.' },
    {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: MAX_SUB },
      minItems: 1,
      maxItems: 100,
    },
    ...listRules(1, 100, (sub) =>
      typeof sub === 'string' && sub.length >= 1 && sub.length <= MAX_SUB && isStorable(sub)
        ? null
        : { code: 'invalid_sub', message: `A string of 1 to ${MAX_SUB} characters.` },
    ),
  );

/** Exactly one of the fields is present. */
export class Batch {
  @SubListField()
  subs?: string[];

  @IdListField({ optional: true, description: 'Ids of profiles.' })
  ids?: string[];
}

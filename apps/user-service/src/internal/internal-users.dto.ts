import { field } from '#libs/http/input/field.js';
import { ChoiceField, IdListField, listRules } from '#libs/http/input/fields.js';
import { isStorable } from '#libs/core/storable-text.js';

export class UsernameQuery {
  @ChoiceField(['keycloak', 'native'], {
    optional: true,
    description: "Whose user; unless told, Keycloak's comes first.",
  })
  issuer?: 'keycloak' | 'native';
}

const MAX_SUB = 255;

const SubListField = (): PropertyDecorator =>
  field(
    { optional: true, description: 'Subjects; one may match in both issuers.' },
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

/** Exactly one of the two. */
export class Batch {
  @SubListField()
  subs?: string[];

  @IdListField({ optional: true, description: 'Ids of profiles.' })
  ids?: string[];
}

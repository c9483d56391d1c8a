import { field, rule } from './field.js';
import { ChoiceField, TextField } from './fields.js';

const isLimit = (value: unknown): boolean =>
  typeof value === 'string' && /^[1-9]\d{0,2}$/.test(value) && Number(value) <= 100;

/** The query parameters of every list. The class of a list adds `sort` and filters. */
export class ListQuery {
  @field(
    { optional: true, description: 'The maximum number of entries.' },
    { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    rule((value: unknown) => isLimit(value), 'out_of_range', 'A whole number from 1 to 100.'),
  )
  limit?: string;

  @TextField({
    optional: true,
    max: 2048,
    // Opaque: the document does not describe its format.
    schema: { maxLength: undefined },
    description: 'Where the page starts: `meta.next_cursor` of the previous page.',
  })
  cursor?: string;

  @ChoiceField(['true', 'false'], {
    optional: true,
    description: 'Whether `meta.total` has the number of all entries.',
  })
  include_total?: 'true' | 'false';
}

/** A list that can also be searched by prefix. */
export class SearchableListQuery extends ListQuery {
  @TextField({
    optional: true,
    max: 255,
    description: 'The beginning of an email address, name or username. Case is ignored.',
  })
  q?: string;
}

/** The `sort` parameter. The first field is the default; a leading `-` sorts descending. */
export const SortField = (fields: readonly string[]): PropertyDecorator =>
  ChoiceField(
    fields.flatMap((name) => [name, `-${name}`]),
    {
      optional: true,
      description: `Default: \`${fields[0]}\`. A leading \`-\` sorts descending; ids break ties, nulls come last.`,
    },
  );

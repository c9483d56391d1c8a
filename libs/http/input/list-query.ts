import { createHash } from 'node:crypto';
import { ApiProperty } from '@nestjs/swagger';
import { isId, isStorable } from '#libs/core/ids.js';
import { invalidField } from '../replies/api-error.js';
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

/** The position in a sorted list after which a page starts. */
export interface ListPosition {
  /** The value of the sorted field as in JSON, or null. */
  value: string | null;
  id: string;
}

/** Everything that determines the rows of a list and their order. */
export type ListIdentity = Readonly<Record<string, string | undefined>>;

const fingerprint = (list: ListIdentity): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(list)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .digest('base64url')
    .slice(0, 16);

export const encodeCursor = (list: ListIdentity, { value, id }: ListPosition): string =>
  Buffer.from(JSON.stringify([fingerprint(list), value, id])).toString('base64url');

/**
 * Reads a cursor. Clients can forge cursors, so their values are checked before SQL gets them.
 * @param isValue whether a text can be a value of the sorted field
 * @throws ApiError 422 on `cursor` if it is not a cursor of this list in this order
 */
export function decodeCursor(
  list: ListIdentity,
  cursor: string,
  isValue: (text: string) => boolean = isStorable,
): ListPosition {
  const [print, value, id] = parse(cursor);
  const isValid = value === null || (typeof value === 'string' && isValue(value));
  if (!isValid || !isId(id) || print !== fingerprint(list)) {
    throw invalidField(
      'cursor',
      'invalid_cursor',
      'This cursor does not belong to this list with this sort and filter.',
    );
  }
  return { value, id };
}

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** The `meta` of a page, for the OpenAPI document. */
export class PageMetaReply {
  @ApiProperty({ type: 'integer', example: 20 })
  limit: number;

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;

  @ApiProperty({ type: 'integer', required: false })
  total?: number;
}

import { createHash } from 'node:crypto';
import { ApiProperty } from '@nestjs/swagger';
import { invalidField } from '../replies/api-error.js';
import { field, rule } from './field.js';
import { ChoiceField, TextField } from './fields.js';
import { isId } from '#libs/core/ids.js';
import { isStorable } from '#libs/core/storable-text.js';

const isLimit = (value: unknown): boolean =>
  typeof value === 'string' && /^[1-9]\d{0,2}$/.test(value) && Number(value) <= 100;

/** What every list takes; its own class adds `sort` and filters. */
export class ListQuery {
  @field(
    { optional: true, description: 'How many entries at most.' },
    { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    rule((value: unknown) => isLimit(value), 'out_of_range', 'A whole number from 1 to 100.'),
  )
  limit?: string;

  @TextField({
    optional: true,
    max: 2048,
    // Opaque: the document promises nothing of its form.
    schema: { maxLength: undefined },
    description: 'Where to go on: `meta.next_cursor` of the page before.',
  })
  cursor?: string;

  @ChoiceField(['true', 'false'], { optional: true, description: 'Whether `meta.total` counts all entries.' })
  include_total?: 'true' | 'false';
}

/** A list that is searched by prefix too. */
export class SearchableListQuery extends ListQuery {
  @TextField({
    optional: true,
    max: 255,
    description: 'The beginning of an email, name or username, in any case.',
  })
  q?: string;
}

/** `sort` with its named fields, the first being the default; `-` before one sorts descending. */
export const SortField = (fields: readonly string[]): PropertyDecorator =>
  ChoiceField(
    fields.flatMap((name) => [name, `-${name}`]),
    {
      optional: true,
      description: `Default: \`${fields[0]}\`. A leading \`-\` sorts descending; ids break ties, nulls come last.`,
    },
  );

/** The place in a sorted list after which a page begins. */
export interface ListPosition {
  /** The sorted field's value there, as JSON has it; null where the row has none. */
  value: string | null;
  id: string;
}

/** Everything that decides which rows a list holds, and in which order. */
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
 * A cursor is the client's word like any other: what could not come from a row is refused before SQL meets it.
 * @param isValue whether a text may be a value of the sorted field
 * @throws ApiError 422 on `cursor`, where it is not one of this list in this order
 */
export function decodeCursor(
  list: ListIdentity,
  cursor: string,
  isValue: (text: string) => boolean = isStorable,
): ListPosition {
  const [print, value, id] = parse(cursor);
  const isSound = value === null || (typeof value === 'string' && isValue(value));
  if (!isSound || !isId(id) || print !== fingerprint(list)) {
    throw invalidField(
      'cursor',
      'invalid_cursor',
      'This cursor is not from this list with this sort and filter.',
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

/** The `meta` of a list's page, for the OpenAPI document. */
export class PageMetaReply {
  @ApiProperty({ type: 'integer', example: 20 })
  limit: number;

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;

  @ApiProperty({ type: 'integer', required: false })
  total?: number;
}

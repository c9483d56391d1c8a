import { hash } from 'node:crypto';

/** How far a reader has read; the `id` of an event. */
export interface Cursor {
  /** Of the database; readers of another one need a snapshot. */
  origin: string;
  /** The state of roles and permissions. */
  authority: string;
  version: number;
  /** Rows with a lower `changed_by` are known. */
  from: number;
  /** Of the newest known row. After a restore from a backup it may not exist: then the reader knows another history. */
  mark: string;
}

const NONE = '0';
const FORM = /^1\.([\w-]{16})\.([\w-]{16}|0)\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([\w-]{16}|0)$/;

/** Only digests: the text tells nothing about the database. */
export const digestOf = (value: string | null): string =>
  value === null ? NONE : hash('sha256', value, 'base64url').slice(0, 16);

export const formatCursor = ({ origin, authority, version, from, mark }: Cursor): string =>
  `1.${origin}.${authority}.${version.toString(36)}.${from.toString(36)}.${mark}`;

/** Null where the text is not a cursor. */
export function parseCursor(text: string): Cursor | null {
  const [, origin, authority, version, from, mark] = FORM.exec(text) ?? [];
  if (!origin || !authority || !version || !from || !mark) return null;
  return {
    origin,
    authority,
    version: Number.parseInt(version, 36),
    from: Number.parseInt(from, 36),
    mark,
  };
}

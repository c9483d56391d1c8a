import { readFileSync } from 'node:fs';

/** How docs/scaling.md distributes a table. */
export interface Placement {
  table: string;
  kind: 'distributed' | 'reference' | 'local';
  /** The distribution column; null unless distributed. */
  column: string | null;
  /** The table does not have the column yet. */
  isToAdd: boolean;
  /** The names of constraints and triggers that a distributed Postgres refuses, sorted. */
  obstacles: string[];
}

/** `key`: one shard for each key of the statement. */
export type Shards = 'one' | 'key' | 'all';

const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
const rowsOf = (form: RegExp) => [...page.matchAll(form)].map((match) => match.slice(1) as string[]);
const names = (text: string) => [...text.matchAll(/`([\w-]+)`/g)].map(([, name]) => name as string).sort();

/** The rows of the page's table of tables. */
export const placements: Placement[] = rowsOf(
  /^\| `((?:identity|users)\.\w+)` \| (reference|local|`\w+`(?: \(to add\))?) \| (.*)\|$/gm,
).map(([table = '', place = '', obstacles = '']) => ({
  table,
  kind: place === 'reference' || place === 'local' ? place : 'distributed',
  column: names(place)[0] ?? null,
  isToAdd: place.endsWith('(to add)'),
  obstacles: names(obstacles),
}));

const SHARDS: Record<string, Shards> = { one: 'one', 'one per key': 'key', '**all**': 'all' };

/** The rows of the page's table of statements: which shards each one asks, and why, if it asks all of them. */
export const statements = rowsOf(/^\| `([\w-]+)` \| [^|]+ \| (one|one per key|\*\*all\*\*) \| (.*)\|$/gm).map(
  ([name = '', shards = '', reason = '']) => ({ name, shards: SHARDS[shards], reason: reason.trim() }),
);

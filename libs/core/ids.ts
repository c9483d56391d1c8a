import { v7 } from 'uuid';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Creates the id of a new row: UUID version 7 (RFC 9562, section 5.7), so that ids sort by creation time. */
export const newId = (): string => v7();

export const isId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

/**
 * The key of an email address or username: two are the same if their keys are equal. Trimmed, NFC, lower case, and NFC again
 * because lower-casing can undo it. Made here and not in SQL, so that it does not depend on the database's locale.
 */
export const textKey = (text: string): string => text.trim().normalize('NFC').toLowerCase().normalize('NFC');

/** PostgreSQL cannot store NUL, and UTF-8 cannot encode lone surrogates. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

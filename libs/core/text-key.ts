/**
 * The form in which emails and usernames are compared: trimmed, in NFC, lower-cased, and in NFC again, because
 * lower-casing may leave it. Made here and not in SQL, so that it is the same whatever locale the database has.
 */
export const textKey = (text: string): string => text.trim().normalize('NFC').toLowerCase().normalize('NFC');

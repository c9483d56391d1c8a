/**
 * Converts an email address or username to the form used for comparison: trimmed, NFC, lower case, and NFC again because
 * lower-casing can undo it. Done here and not in SQL, so that the result does not depend on the database's locale.
 */
export const textKey = (text: string): string => text.trim().normalize('NFC').toLowerCase().normalize('NFC');

/** PostgreSQL stores no NUL, and UTF-8 has no lone surrogate: text with either cannot come back as it was. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** RFC 3339, section 5.6. Digits after the milliseconds are ignored. */
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Parses an RFC 3339 time with a zone, or a date, which is its midnight in UTC.
 * @returns null for anything else, also for a day that does not exist
 */
export function parseTime(text: string): Date | null {
  const date = DATE.test(text) ? text : DATE_TIME.exec(text)?.[1];
  if (date === undefined || !isDay(date)) return null;
  return new Date(text);
}

/** JavaScript reads February 30 as a day in March. */
function isDay(date: string): boolean {
  const time = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(date);
}

export type AuditFields = Readonly<Record<string, unknown>>;

export interface AuditChanges extends Record<string, unknown> {
  before: AuditFields;
  after: AuditFields;
}

/** The fields that differ, as `details` of an event; null if none does. */
export function changesOf(before: AuditFields, after: AuditFields): AuditChanges | null {
  const changed = Object.keys(after).filter((name) => !isEqual(before[name], after[name]));
  if (changed.length === 0) return null;
  const pick = (fields: AuditFields) =>
    Object.fromEntries(changed.map((name) => [name, fields[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

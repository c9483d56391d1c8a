import { parseTime } from '#libs/core/time.js';
import { type FieldOptions, field, rule } from './field.js';
import { stringRule } from './fields.js';

/** A time: `2026-01-31T12:00:00Z`, or a date, which is its midnight in UTC. Convert it with `parseTime`. */
export const TimeField = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    { type: String, format: 'date-time' },
    stringRule,
    rule(
      (value: string) => parseTime(value) !== null,
      'invalid_time',
      'Use a time with a zone, such as 2026-01-31T12:00:00Z, or a date.',
    ),
  );

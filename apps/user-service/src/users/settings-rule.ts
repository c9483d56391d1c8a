import { isStorable } from '#libs/core/ids.js';
import type { FieldError } from '#libs/http/input/field.js';

/** Of the JSON text in UTF-8. */
const MAX_BYTES = 16 * 1024;
/** The object itself is the first level. */
const MAX_LEVELS = 32;

/** Null where the value is a JSON object that can be stored and returned unchanged. */
export function settingsFault(value: unknown): FieldError | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { code: 'object_expected', message: 'This must be a JSON object.' };
  }
  // Before JSON.stringify, which deep nesting would make overflow the stack.
  const fault = faultWithin(value);
  if (fault) return fault;
  const isTooLarge = Buffer.byteLength(JSON.stringify(value)) > MAX_BYTES;
  return isTooLarge ? { code: 'too_large', message: 'At most 16 KiB of JSON.' } : null;
}

/** Goes level by level, not by recursion, so that deep nesting cannot overflow the stack. */
function faultWithin(root: object): FieldError | null {
  let level: unknown[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_LEVELS) return { code: 'too_deep', message: `At most ${MAX_LEVELS} levels.` };
    const next: unknown[] = [];
    for (const node of level) {
      for (const [key, value] of Object.entries(node as object)) {
        const texts = typeof value === 'string' ? [key, value] : [key];
        if (!texts.every(isStorable)) {
          return { code: 'invalid_characters', message: 'NUL and lone surrogates are not allowed.' };
        }
        // JSON.parse reads 1e400 as Infinity, which JSON cannot represent.
        if (typeof value === 'number' && !Number.isFinite(value)) {
          return { code: 'number_out_of_range', message: 'A number is too large.' };
        }
        if (typeof value === 'object' && value !== null) next.push(value);
      }
    }
    level = next;
  }
  return null;
}

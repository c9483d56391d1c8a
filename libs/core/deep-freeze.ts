/** Freezes plain objects and arrays, however deep. Other objects (keys, maps) stay as they are. @returns the value itself */
export function deepFreeze<T>(value: T): T {
  if (isPlain(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

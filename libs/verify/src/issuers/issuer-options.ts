/** @throws Error unless the value is an absolute http or https URL without credentials */
export function assertHttpUrl(name: string, value: unknown): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new Error(`${name} must be an absolute http or https URL.`);
  }
}

/** @throws Error */
export function assertAudience(value: unknown): void {
  if (typeof value !== 'string' || value === '')
    throw new Error('audience must be a text that is not empty.');
}

export const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

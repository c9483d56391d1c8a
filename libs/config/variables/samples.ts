import { InvalidValue } from '../settings-error.js';
import { SECTIONS, sampleOf } from './table.js';

const SAMPLES = new Set(
  SECTIONS.flatMap(({ variables }) => Object.values(variables))
    .flatMap((variable) => variable.secretsIn?.(sampleOf(variable), {}) ?? [])
    .filter((secret) => secret !== ''),
);

/** Refuses placeholders and sample secrets, for production. @throws InvalidValue */
export function requireOwnValue(text: string, secrets: string[]): void {
  if ([text, ...secrets].some((one) => /\$\{[^}]*\}/.test(one))) {
    throw new InvalidValue(`contains a placeholder (\${…}) that was not replaced`);
  }
  if (secrets.some((secret) => SAMPLES.has(secret) || /change-?me/i.test(secret))) {
    throw new InvalidValue('contains a sample secret, which is refused in production: choose another one');
  }
}

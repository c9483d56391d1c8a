import { InvalidValue } from '../settings-error.js';
import { SECTIONS, sampleOf } from './table.js';

const SAMPLES = new Set(
  SECTIONS.flatMap(({ variables }) => Object.values(variables))
    .flatMap((variable) => variable.secretsIn?.(sampleOf(variable), {}) ?? [])
    .filter((secret) => secret !== ''),
);

/** Refuses, for production, what stands for a value and was never replaced by one. Throws InvalidValue. */
export function requireFilledIn(text: string, secrets: string[]): void {
  if ([text, ...secrets].some((one) => /\$\{[^}]*\}/.test(one))) {
    throw new InvalidValue(`holds a placeholder (\${…}) that nothing has replaced`);
  }
  if (secrets.some((secret) => SAMPLES.has(secret) || /change-?me/i.test(secret))) {
    throw new InvalidValue('holds a sample secret, which production refuses: choose your own');
  }
}

import { SECTIONS, sampleOf } from './table.js';

const SAMPLES = new Set(
  SECTIONS.flatMap(({ variables }) => Object.values(variables))
    .flatMap((variable) => variable.secretsIn?.(sampleOf(variable), {}) ?? [])
    .filter((secret) => secret !== ''),
);

/** Whether the secret is one that `.env.example` shows, or says itself that it is to be changed. */
export function isSampleSecret(secret: string): boolean {
  return SAMPLES.has(secret) || /change-?me/i.test(secret);
}

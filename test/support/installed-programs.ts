/** Each function finds the path of a program, or null where it is not installed. */
interface InstalledPrograms {
  findChromium(): string | null;
  findPgBouncer(): string | null;
  /** The folder of PostgreSQL's programs. */
  findPostgres(): string | null;
  findRedis(): string | null;
}

const { href } = new URL('../../scripts/support/installed-programs.mjs', import.meta.url);

/** By the same rules as `npm test`. */
export const installed = (await import(href)) as InstalledPrograms;

/** @param variable that can name it. @throws Error if it is not installed */
export function required(path: string | null, program: string, variable: string): string {
  if (path === null) throw new Error(`${program} was not found: install it, or set ${variable}.`);
  return path;
}

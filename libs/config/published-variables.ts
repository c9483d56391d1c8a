import type { Environment } from './environment.js';

/** Puts variables that another library reads by itself, and that may stand in `.env` alone, where it looks for them. */
export function publishVariables(env: Environment, prefix: string): void {
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(prefix) && value) process.env[name] ??= value;
  }
}

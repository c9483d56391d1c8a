import type { Environment } from './environment.js';

/** Copies variables of `.env` to `process.env`, for libraries that read them there. */
export function publishVariables(env: Environment, prefix: string): void {
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(prefix) && value) process.env[name] ??= value;
  }
}

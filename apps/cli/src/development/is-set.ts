import type { Environment } from '#libs/config/environment.js';

/** An empty value means unset. */
export const isSet = (env: Environment, name: string): boolean => (env[name]?.trim() ?? '') !== '';

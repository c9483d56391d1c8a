import type { Environment, EnvironmentName } from '../environment.js';

export const ENVIRONMENTS = ['development', 'test', 'production'] as const;

export type App = 'identity-provider' | 'user-service';

/** One setting: the only source for parsing it, for `.env.example` and for docs/settings.md. */
export interface Variable<T = unknown> {
  /** The description for users. */
  comment: string;
  /** Parses the trimmed text. @throws InvalidValue */
  parse: (text: string, environment: EnvironmentName) => T;
  /**
   * The text that is parsed if the variable is unset, for all environments or for each. `{OTHER}` is replaced by that
   * variable's value; if that variable is unset, there is no default.
   */
  default?: string | Partial<Record<EnvironmentName, string>>;
  /** A description of the default, if `default` cannot express it. */
  defaultNote?: string;
  /** The value in `.env.example`. Default: `default`. */
  sample?: string;
  /** Whether the variable is commented out in `.env.example`. */
  commentedOut?: boolean;
  /** What to do if the variable is required but missing. */
  hint?: string;
  /** The secrets in the text or in related variables, which are checked in production. */
  secretsIn?: (text: string, env: Environment) => string[];
  /** The apps that read it; empty if only docker compose does. */
  readBy: readonly App[];
}

export type Variables = Record<string, Variable>;

export const BOTH_APPS: readonly App[] = ['identity-provider', 'user-service'];

/** For `secretsIn`: the complete text is the secret. */
export const wholeText = (text: string): string[] => [text];

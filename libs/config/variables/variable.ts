import type { Environment, EnvironmentName } from '../environment.js';

export const ENVIRONMENTS = ['development', 'test', 'production'] as const;

export type App = 'identity-provider' | 'user-service';

/** One setting: the only source for parsing it, for `.env.example` and for docs/settings.md. */
export interface Variable<T = unknown> {
  /** What it is, for people. */
  comment: string;
  /** Turns the trimmed text into its value, or throws InvalidValue. */
  parse: (text: string, environment: EnvironmentName) => T;
  /**
   * The text that is parsed where the variable is unset, one for all environments or one for each. `{OTHER}`
   * stands for that variable's value, and counts as unset where that one is.
   */
  default?: string | Partial<Record<EnvironmentName, string>>;
  /** The default in words, where the text above cannot say it. */
  defaultNote?: string;
  /** What `.env.example` shows; the default where left out. */
  sample?: string;
  /** Stands commented out in `.env.example`. */
  commentedOut?: boolean;
  /** Where it is missing but needed: what to do. */
  hint?: string;
  /** The secrets inside the text, or beside it, which production looks at. */
  secretsIn?: (text: string, env: Environment) => string[];
  /** Who reads it; docker compose alone where the list is empty. */
  readBy: readonly App[];
}

export type Variables = Record<string, Variable>;

export const BOTH_APPS: readonly App[] = ['identity-provider', 'user-service'];

/** For `secretsIn`: the whole text is the secret. */
export const wholeText = (text: string): string[] => [text];

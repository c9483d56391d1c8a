import { type Environment, type EnvironmentName, environmentName, isSet } from './environment.js';
import { InvalidValue, SettingsError, type SettingsProblem } from './settings-error.js';
import { requireOwnValue } from './variables/samples.js';
import { VARIABLES, type ValueOf, type VariableName } from './variables/table.js';
import type { Variable } from './variables/variable.js';

/** The object without undefined values. */
export type Complete<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/**
 * Reads variables as defined in the table, and collects all problems. Only variables that are requested are parsed, so
 * invalid variables of the other app do not matter. A result of null means unset; undefined means invalid: the problem is
 * recorded, and `finish` throws it.
 */
export class SettingsReader {
  readonly environment: EnvironmentName;
  private readonly problems: SettingsProblem[] = [];
  private readonly values = new Map<VariableName, unknown>();

  constructor(private readonly env: Environment) {
    this.environment = this.readEnvironmentName();
  }

  /** The variable's value, otherwise its default, otherwise null. */
  optional<N extends VariableName>(name: N): ValueOf<N> | null | undefined {
    if (!this.values.has(name)) {
      const text = this.env[name]?.trim() || this.defaultText(name);
      this.values.set(name, typeof text === 'string' ? this.parse(name, text) : text);
    }
    // The table pairs each name with its parser, which the map cannot express.
    return this.values.get(name) as ValueOf<N> | null | undefined;
  }

  /** Like `optional`, but returns `otherwise` instead of null. */
  or<N extends VariableName>(name: N, otherwise: ValueOf<N>): ValueOf<N> | undefined {
    const value = this.optional(name);
    return value === null ? otherwise : value;
  }

  /** Like `optional`, but null is a problem. */
  required<N extends VariableName>(name: N): ValueOf<N> | undefined {
    const value = this.optional(name);
    if (value !== null) {
      return value;
    }
    const root = this.rootOf(name);
    const { hint }: Variable = VARIABLES[root];
    this.refuse(root, hint ? `is missing: ${hint}` : 'is missing');
    return undefined;
  }

  /** Whether the variable itself is set, without its default. */
  isSet(name: VariableName): boolean {
    return isSet(this.env, name);
  }

  /** Records a problem, if it is not recorded yet. */
  refuse(variable: VariableName, message: string): void {
    if (!this.problems.some((problem) => problem.variable === variable && problem.message === message)) {
      this.problems.push({ variable, message });
    }
  }

  /** Returns the settings. @throws SettingsError with all recorded problems */
  finish<T>(settings: T | undefined): T {
    if (this.problems.length > 0 || settings === undefined) {
      throw new SettingsError(this.problems);
    }
    return settings;
  }

  private parse(name: VariableName, text: string): unknown {
    const variable: Variable = VARIABLES[name];
    try {
      requireNoQuotes(text);
      const value = variable.parse(text, this.environment);
      const secrets = variable.secretsIn?.(text, this.env) ?? [];
      if (this.environment === 'production') requireOwnValue(text, secrets);
      return value;
    } catch (error) {
      // The message of another error may contain the value.
      this.refuse(name, error instanceof InvalidValue ? error.message : 'is not valid');
      return undefined;
    }
  }

  /** The default as text; null if there is none, undefined if it refers to an invalid variable. */
  private defaultText(name: VariableName): string | null | undefined {
    const template = this.defaultTemplate(name);
    if (template === null) {
      return null;
    }
    const other = referenceIn(template);
    const value = other && this.optional(other);
    return other && (value === null || value === undefined)
      ? value
      : template.replace(`{${other}}`, () => String(value));
  }

  /** The variable to report if this one is missing: the one that its default refers to. */
  private rootOf(name: VariableName): VariableName {
    const other = referenceIn(this.defaultTemplate(name) ?? '');
    return other ? this.rootOf(other) : name;
  }

  private defaultTemplate(name: VariableName): string | null {
    const { default: standard }: Variable = VARIABLES[name];
    return (typeof standard === 'object' ? standard[this.environment] : standard) ?? null;
  }

  private readEnvironmentName(): EnvironmentName {
    try {
      return environmentName(this.env);
    } catch (error) {
      if (error instanceof SettingsError) {
        this.problems.push(...error.problems);
        // Only for listing the other problems, without the rules of production. Nothing starts with it.
        return 'development';
      }
      throw error;
    }
  }
}

/** Returns the object, or undefined if any of its values is invalid. */
export function complete<T extends object>(parts: T): Complete<T> | undefined {
  return Object.values(parts).includes(undefined) ? undefined : (parts as Complete<T>);
}

/** A shell and `.env` remove quotes; docker's `--env-file` and Kubernetes keep them. */
function requireNoQuotes(text: string): void {
  if (/^(["'`]).*\1$/s.test(text)) {
    throw new InvalidValue('is in quotes, which are part of the value here: remove them');
  }
}

function referenceIn(template: string): VariableName | undefined {
  return /\{([A-Z_]+)\}/.exec(template)?.[1] as VariableName | undefined;
}

import { type Environment, type EnvironmentName, environmentName } from './environment.js';
import { InvalidValue, SettingsError, type SettingsFault } from './settings-error.js';
import { requireFilledIn } from './variables/samples.js';
import { VARIABLES, type ValueOf, type VariableName } from './variables/table.js';
import type { Variable } from './variables/variable.js';

/** The parts, each of them known to be there. */
export type Whole<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/**
 * Reads variables by the table, and collects all faults. A variable that nobody reads is never looked at, so
 * what only the other app needs may be anything. In all results null means unset, and undefined means
 * faulty: the problem is noted, and `finish` throws it.
 */
export class SettingsReader {
  readonly environment: EnvironmentName;
  private readonly problems: SettingsFault[] = [];
  private readonly values = new Map<VariableName, unknown>();

  constructor(private readonly env: Environment) {
    this.environment = this.readEnvironmentName();
  }

  /** The variable's value, else its default, else null. */
  optional<N extends VariableName>(name: N): ValueOf<N> | null | undefined {
    if (!this.values.has(name)) {
      const text = this.env[name]?.trim() || this.defaultText(name);
      this.values.set(name, typeof text === 'string' ? this.parse(name, text) : text);
    }
    // The table pairs each name with its parser, which the map cannot express.
    return this.values.get(name) as ValueOf<N> | null | undefined;
  }

  /** The same, where `otherwise` takes the place of null. */
  or<N extends VariableName>(name: N, otherwise: ValueOf<N>): ValueOf<N> | undefined {
    const value = this.optional(name);
    return value === null ? otherwise : value;
  }

  /** The same, where null is a fault. */
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

  /** Notes a fault, once. */
  refuse(variable: VariableName, message: string): void {
    if (!this.problems.some((problem) => problem.variable === variable && problem.message === message)) {
      this.problems.push({ variable, message });
    }
  }

  /** The settings, or a SettingsError with all faults. */
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
      if (this.environment === 'production') requireFilledIn(text, secrets);
      return value;
    } catch (error) {
      // Another error's message may quote its input.
      this.refuse(name, error instanceof InvalidValue ? error.message : 'is not valid');
      return undefined;
    }
  }

  /** The default as text; null where there is none, undefined where it stands on a faulty variable. */
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

  /** The variable to set where this one is missing: the one that its default stands on. */
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
        // Nothing starts with it; it lets the other faults be listed without those that production adds.
        return 'development';
      }
      throw error;
    }
  }
}

/** The parts as one, or undefined where any of them is faulty. */
export function whole<T extends object>(parts: T): Whole<T> | undefined {
  return Object.values(parts).includes(undefined) ? undefined : (parts as Whole<T>);
}

/** A shell and `.env` take quotes away; docker's `--env-file` and Kubernetes hand them on. */
function requireNoQuotes(text: string): void {
  if (/^(["'`]).*\1/s.test(text)) {
    throw new InvalidValue('is in quotes, which are part of the value here: leave them out');
  }
}

function referenceIn(template: string): VariableName | undefined {
  return /\{([A-Z_]+)\}/.exec(template)?.[1] as VariableName | undefined;
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** Variables by name, as process.env holds them. */
export type Environment = Record<string, string | undefined>;

export interface Outcome {
  /** Its exit code; null where it could not be started, was ended by a signal, or did not answer in time. */
  code: number | null;
  /** Both of its outputs, standard output first. */
  output: string;
}

/**
 * Runs a program to its end. A program that is missing does not throw, its code is null; `signal` ends the program and
 * throws its reason.
 */
export function runProgram(
  command: string,
  args: string[],
  options: { environment: Environment; timeoutMs: number; cwd?: string; signal?: AbortSignal },
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const settings = {
      env: options.environment,
      timeout: options.timeoutMs,
      cwd: options.cwd,
      signal: options.signal,
      maxBuffer: 32 * 1024 * 1024,
    };
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (options.signal?.aborted) {
        reject(options.signal.reason);
        return;
      }
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}

/** The `java` that JAVA_HOME names, else the one on the PATH; as Keycloak's own kc.sh chooses it. */
export function javaCommand(environment: Environment): string {
  return environment['JAVA_HOME'] ? join(environment['JAVA_HOME'], 'bin', 'java') : 'java';
}

/** The major version in what `java -version` prints (`17.0.15`, `21-ea`, and `1.8.0_402`, which is 8), or null. */
export function javaMajorVersion(output: string): number | null {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  const major = Number(first === '1' ? second : first);
  return Number.isInteger(major) ? major : null;
}

/**
 * The environment for Keycloak without what Keycloak would take for its own settings: a stray KC_DB in the shell must
 * not change the server that Twinkey starts.
 */
export function withoutKeycloakSettings(environment: Environment): Environment {
  const foreign = /^(KC_|KCKEY_|JAVA_OPTS|JAVA_ADD_OPENS|QUARKUS_)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}

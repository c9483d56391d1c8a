import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Environment } from '#libs/config/environment.js';

export interface ProgramResult {
  /** The exit code; null if the program could not start, was killed by a signal, or timed out. */
  code: number | null;
  /** Standard output, followed by standard error. */
  output: string;
}

/**
 * Runs a program until it ends. A missing program does not throw: its code is null. `signal` ends the program and throws
 * the signal's reason.
 */
export function runProgram(
  command: string,
  args: string[],
  options: { environment: Environment; timeoutMs: number; cwd?: string; signal?: AbortSignal },
): Promise<ProgramResult> {
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

/** The `java` of JAVA_HOME, otherwise the one on the PATH, like Keycloak's kc.sh. */
export function javaCommand(environment: Environment): string {
  return environment['JAVA_HOME'] ? join(environment['JAVA_HOME'], 'bin', 'java') : 'java';
}

/** The major version in the output of `java -version` (`17.0.15`, `21-ea`; `1.8.0_402` is 8), or null. */
export function javaMajorVersion(output: string): number | null {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  const major = Number(first === '1' ? second : first);
  return Number.isInteger(major) ? major : null;
}

/**
 * The environment without Keycloak's own settings: a KC_DB in the shell must not change the server that Twinkey starts.
 */
export function withoutKeycloakSettings(environment: Environment): Environment {
  const foreign = /^(KC_|KCKEY_|JAVA_OPTS|JAVA_ADD_OPENS|QUARKUS_)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}

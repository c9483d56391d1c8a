import type { Environment } from '#libs/config/environment.js';
import { cachedDistribution, fetchDistribution } from './distribution.js';
import { KeycloakStartError } from './keycloak-error.js';
import { OLDEST_JAVA } from './keycloak-release.js';
import { javaCommand, javaMajorVersion, runProgram } from './programs.js';

/** The program that runs Keycloak on this machine. `distribution` is a folder that `fetchDistribution` created. */
export type KeycloakRuntime =
  | { kind: 'java'; java: string; distribution: string }
  | { kind: 'docker'; docker: string };

/** A Docker client without a running engine can wait for a long time. */
const TIMEOUT_MS = 10_000;

const REMEDY =
  `Install Java ${OLDEST_JAVA} or newer and Maven ` +
  '(Debian and Ubuntu: apt-get install openjdk-17-jre-headless maven; macOS: brew install openjdk maven), ' +
  'or start a Docker engine.';

/**
 * Java with the distribution, which Maven downloads if it is not cached yet; otherwise Docker.
 * @throws KeycloakStartError that says what to install if neither is available
 */
export async function findKeycloakRuntime(
  environment: Environment,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<KeycloakRuntime> {
  const java = javaCommand(environment);
  const works = async (command: string, args: string[]) =>
    (await runProgram(command, args, { environment, timeoutMs: TIMEOUT_MS, signal })).code === 0;
  const { output } = await runProgram(java, ['-version'], { environment, timeoutMs: TIMEOUT_MS, signal });
  const version = javaMajorVersion(output);
  const hasJava = version !== null && version >= OLDEST_JAVA;

  if (hasJava) {
    const distribution = cachedDistribution(environment);
    if (distribution) {
      return { kind: 'java', java, distribution };
    }
    if (await works('mvn', ['--version'])) {
      return { kind: 'java', java, distribution: await fetchDistribution(environment, report, signal) };
    }
  }
  if (await works('docker', ['info'])) {
    return { kind: 'docker', docker: 'docker' };
  }
  throw new KeycloakStartError(`Keycloak can't run here: ${missing(version, hasJava)}. ${REMEDY}`);
}

function missing(version: number | null, hasJava: boolean): string {
  if (hasJava) {
    return 'there is no Maven to download it with, and no Docker engine answers';
  }
  const java = version === null ? 'there is no Java' : `Java ${version} is too old`;
  return `${java}, and no Docker engine answers`;
}

import { cachedDistribution, fetchDistribution } from './distribution.js';
import { KeycloakStartError } from './keycloak-error.js';
import { runProgram, type Environment, javaCommand, javaMajorVersion } from './programs.js';
import { OLDEST_JAVA } from './release.js';

/** What runs Keycloak on this machine. `distribution` is a folder as `fetchDistribution` makes it. */
export type KeycloakRuntime =
  | { kind: 'java'; java: string; distribution: string }
  | { kind: 'docker'; docker: string };

/** A Docker client whose engine is away may wait for long: what does not answer in time does not work. */
const PATIENCE_MS = 10_000;

const REMEDY =
  `To get it: install Java ${OLDEST_JAVA} or newer and Maven ` +
  '(Debian and Ubuntu: apt-get install openjdk-17-jre-headless maven; macOS: brew install openjdk maven), ' +
  'or start a Docker engine.';

/**
 * Java with the distribution, which Maven fetches where it is not cached yet; else Docker.
 * Throws a KeycloakProblem that says how to get one where there is neither.
 */
export async function findKeycloakRuntime(
  environment: Environment,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<KeycloakRuntime> {
  const java = javaCommand(environment);
  const isAnswered = async (command: string, args: string[]) =>
    (await runProgram(command, args, { environment, timeoutMs: PATIENCE_MS, signal })).code === 0;
  const { output } = await runProgram(java, ['-version'], { environment, timeoutMs: PATIENCE_MS, signal });
  const version = javaMajorVersion(output);
  const hasJava = version !== null && version >= OLDEST_JAVA;

  if (hasJava) {
    const distribution = cachedDistribution(environment);
    if (distribution) {
      return { kind: 'java', java, distribution };
    }
    if (await isAnswered('mvn', ['--version'])) {
      return { kind: 'java', java, distribution: await fetchDistribution(environment, report, signal) };
    }
  }
  if (await isAnswered('docker', ['info'])) {
    return { kind: 'docker', docker: 'docker' };
  }
  throw new KeycloakStartError(`Keycloak can't run here: ${missing(version, hasJava)}. ${REMEDY}`);
}

function missing(version: number | null, hasJava: boolean): string {
  if (hasJava) {
    return 'there is no Maven to fetch it with, and no Docker engine answers';
  }
  const java = version === null ? 'there is no Java' : `Java ${version} is too old`;
  return `${java}, and no Docker engine answers`;
}

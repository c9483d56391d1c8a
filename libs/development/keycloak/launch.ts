import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Environment, withoutKeycloakSettings } from './programs.js';
import { KEYCLOAK_IMAGE } from './release.js';
import type { KeycloakRuntime } from './keycloak-runtime.js';

export interface LaunchOptions {
  host: string;
  port: number;
  /** What tokens name as the issuer's base: `http://localhost:8080`. */
  publicUrl: string;
  /** Holds `data/`: the database, and under `data/import/` the realms to import. */
  home: string;
  heapMegabytes: number;
  admin: { username: string; password: string };
  environment: Environment;
}

/** A program to start, with its arguments; secrets go by the environment alone, where `ps` does not show them. */
export interface Launch {
  command: string;
  args: string[];
  environment: Environment;
  /** The container's name, where there is one. */
  container: string | null;
}

export function launchOf(runtime: KeycloakRuntime, options: LaunchOptions): Launch {
  const environment = {
    ...withoutKeycloakSettings(options.environment),
    KC_BOOTSTRAP_ADMIN_USERNAME: options.admin.username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: options.admin.password,
  };
  return runtime.kind === 'java'
    ? { ...javaLaunch(runtime, options), environment, container: null }
    : { ...dockerLaunch(runtime, options, Object.keys(environment)), environment };
}

/**
 * kc.sh's own command line, without the shell that it leaves around Java, and on a memory and processor diet: the
 * serial collector and the quick compiler alone take a third off the start and 100 MB off the process.
 */
function javaLaunch(
  { java, distribution }: Extract<KeycloakRuntime, { kind: 'java' }>,
  options: LaunchOptions,
): Pick<Launch, 'command' | 'args'> {
  const opened = ['java.util', 'java.util.concurrent', 'java.security', 'java.lang'];
  const machine = [
    ...heap(options),
    '-XX:MaxMetaspaceSize=256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:+ExitOnOutOfMemoryError',
    '-Dfile.encoding=UTF-8',
    '-Duser.language=en',
    '-Duser.country=US',
    ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    '--enable-native-access=ALL-UNNAMED',
  ];
  const properties = [
    `-Dkc.home.dir=${options.home}`,
    `-Djboss.server.config.dir=${join(options.home, 'conf')}`,
    '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
    '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
    '-Dpicocli.disable.closures=true',
  ];
  const main = ['-cp', join(distribution, 'lib', 'quarkus-run.jar')];
  const keycloak = ['io.quarkus.bootstrap.runner.QuarkusEntryPoint', 'start', '--optimized', '--cache=local'];
  const listening = [`--http-host=${options.host}`, '--http-enabled=true'];
  return {
    command: java,
    args: [...machine, ...properties, ...main, ...keycloak, ...listening, ...common(options)],
  };
}

function dockerLaunch(
  { docker }: Extract<KeycloakRuntime, { kind: 'docker' }>,
  options: LaunchOptions,
  variables: string[],
): Pick<Launch, 'command' | 'args' | 'container'> {
  const container = `twinkey-keycloak-${options.port}-${randomBytes(4).toString('hex')}`;
  const passedOn = variables.filter((name) => /^(KC_BOOTSTRAP_|KEYCLOAK_)/.test(name));
  // The image runs under any user of group 0; ours, so that the data folder stays ours.
  const user = process.getuid ? ['--user', `${process.getuid()}:0`] : [];
  const run = ['run', '--rm', '--name', container, ...user];
  const shared = ['--volume', `${join(options.home, 'data')}:/opt/keycloak/data`];
  const published = ['--publish', `${options.host}:${options.port}:${options.port}`];
  const set = passedOn.flatMap((name) => ['--env', name]);
  const memory = ['--env', `JAVA_OPTS_KC_HEAP=${heap(options).join(' ')}`];
  return {
    command: docker,
    args: [
      ...run,
      ...shared,
      ...published,
      ...set,
      ...memory,
      KEYCLOAK_IMAGE,
      'start-dev',
      ...common(options),
    ],
    container,
  };
}

function heap({ heapMegabytes }: LaunchOptions): string[] {
  return ['-Xms64m', `-Xmx${heapMegabytes}m`];
}

function common({ port, publicUrl }: LaunchOptions): string[] {
  return [
    '--import-realm',
    `--http-port=${port}`,
    `--hostname=${publicUrl}`,
    // Whoever comes by another address (a container, a proxy) is answered for that one; the issuer stays the same.
    '--hostname-backchannel-dynamic=true',
    '--shutdown-delay=0s',
  ];
}

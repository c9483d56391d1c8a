import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '#libs/config/environment.js';
import { KEYCLOAK_IMAGE } from './keycloak-release.js';
import type { KeycloakRuntime } from './keycloak-runtime.js';
import { withoutKeycloakSettings } from './programs.js';

export interface LaunchOptions {
  host: string;
  port: number;
  /** The base URL of the issuer in tokens: `http://localhost:8080`. */
  publicUrl: string;
  /** Contains `data/` with the database, and `data/import/` with the realms to import. */
  home: string;
  heapMegabytes: number;
  admin: { username: string; password: string };
  environment: Environment;
}

/** A program to start, with its arguments. Secrets are passed in the environment only, which `ps` does not show. */
export interface Launch {
  command: string;
  args: string[];
  environment: Environment;
  /** The container's name; null without Docker. */
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
 * The command line of kc.sh, without its shell process, and with options that save memory and CPU time: the serial
 * collector and the C1 compiler reduce the start time by a third and the memory by 100 MB.
 */
function javaLaunch(
  { java, distribution }: Extract<KeycloakRuntime, { kind: 'java' }>,
  options: LaunchOptions,
): Pick<Launch, 'command' | 'args'> {
  const opened = ['java.util', 'java.util.concurrent', 'java.security', 'java.lang'];
  const jvmOptions = [
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
    args: [...jvmOptions, ...properties, ...main, ...keycloak, ...listening, ...common(options)],
  };
}

function dockerLaunch(
  { docker }: Extract<KeycloakRuntime, { kind: 'docker' }>,
  options: LaunchOptions,
  variables: string[],
): Pick<Launch, 'command' | 'args' | 'container'> {
  const container = `twinkey-keycloak-${options.port}-${randomBytes(4).toString('hex')}`;
  const passedOn = variables.filter((name) => /^(KC_BOOTSTRAP_|KEYCLOAK_)/.test(name));
  // The image runs as any user of group 0. With the current user, the data folder keeps its owner.
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
    // Clients that use another address (a container, a proxy) get URLs with that address; the issuer stays the same.
    '--hostname-backchannel-dynamic=true',
    '--shutdown-delay=0s',
  ];
}

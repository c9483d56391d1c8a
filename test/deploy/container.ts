import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, KubernetesObject, Probe, Variable } from './chart.js';
import { ofKind } from './chart.js';

/** The rights of a container of the chart. */
const AS_USER =
  'exec setpriv --reuid=1000 --regid=1000 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"';
const READ_ONLY =
  'mount --bind / / && mount -o remount,ro,bind / && ! touch /twinkey-is-writable 2>/dev/null';

/**
 * For root: a read-only file system in a mount namespace, which not every container of a CI may create, and the chart's
 * user. Other users' tests run the program as themselves.
 */
function confine(command: string[]): string[] {
  if (process.getuid?.() !== 0) return command;
  const canMount = spawnSync('unshare', ['--mount', 'sh', '-c', READ_ONLY]).status === 0;
  return canMount
    ? ['unshare', '--mount', 'sh', '-c', `${READ_ONLY} && ${AS_USER}`, 'sh', ...command]
    : ['sh', '-c', AS_USER, 'sh', ...command];
}

export interface Ended {
  code: number | null;
  output: string;
}

/** A rendered container as a process. */
export class RunningContainer {
  readonly ended: Promise<Ended>;
  private output = '';
  private readonly child: ChildProcess;

  /** @param env the values of its variables */
  constructor(
    private readonly container: Container,
    program: string,
    env: Record<string, string>,
  ) {
    const [command, ...args] = confine([process.execPath, program, ...container.args]) as [
      string,
      ...string[],
    ];
    // The image's own variables.
    const image = { NODE_ENV: 'production', PATH: process.env['PATH'] };
    this.child = spawn(command, args, {
      cwd: '/',
      env: { ...image, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (text) => (this.output += text));
    this.ended = once(this.child, 'close').then(([code]) => ({ code, output: this.output }));
  }

  /** Like the kubelet: the startup probe until it succeeds, then the others once. Returns the readiness's status. */
  async probe(): Promise<number> {
    const { startupProbe, livenessProbe, readinessProbe } = this.container as Required<Container>;
    const { periodSeconds, failureThreshold } = startupProbe;
    for (let tried = 0; (await this.ask(startupProbe)) !== 200; tried += 1) {
      if (tried === failureThreshold || this.child.exitCode !== null)
        throw new Error(`Not started: ${this.output}`);
      await delay(periodSeconds * 1_000);
    }
    const live = await this.ask(livenessProbe);
    return live === 200 ? this.ask(readinessProbe) : live;
  }

  /** The status of a request; 0 without a response. */
  async get(port: string, path: string, headers: Record<string, string> = {}): Promise<number> {
    const number = this.container.ports?.find(({ name }) => name === port)?.containerPort;
    const response = await fetch(`http://127.0.0.1:${number}${path}`, { headers }).catch(() => null);
    await response?.arrayBuffer();
    return response?.status ?? 0;
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  private ask({ httpGet: { port, path } }: Probe): Promise<number> {
    return this.get(port, path);
  }
}

/** The values of a container's variables. @throws Error if a Secret lacks a key */
export function environmentOf(
  { env }: Container,
  secrets: Record<string, Record<string, string>>,
): Record<string, string> {
  const read = ({ name, value, valueFrom }: Variable): string => {
    if (!valueFrom) return value as string;
    const { name: secret, key } = valueFrom.secretKeyRef;
    const found = secrets[secret]?.[key];
    if (found === undefined) throw new Error(`${name} needs the key ${key} of the Secret ${secret}`);
    return found;
  };
  return Object.fromEntries(env.map((variable) => [variable.name, read(variable)]));
}

/** The URL of a Service as its URL on this machine, where the pods' ports are open on loopback. */
export function resolveService(url: string, objects: KubernetesObject[]): string {
  const { hostname, port } = new URL(url);
  const service = ofKind(objects, 'Service').find(({ metadata }) => metadata.name === hostname);
  const target = service?.spec.ports.find((one: { port: number }) => String(one.port) === port)?.targetPort;
  const pods = ofKind(objects, 'Deployment').filter(({ spec }) =>
    Object.entries(service?.spec.selector ?? {}).every(
      ([label, value]) => spec.template.metadata.labels[label] === value,
    ),
  );
  const ports = pods[0]?.spec.template.spec.containers[0].ports ?? [];
  const found = ports.find(({ name }: { name: string }) => name === target);
  if (pods.length !== 1 || !found) throw new Error(`No Deployment serves ${url}`);
  return `http://127.0.0.1:${found.containerPort}`;
}

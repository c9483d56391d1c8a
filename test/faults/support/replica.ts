import { setTimeout as sleep } from 'node:timers/promises';
import type { CliCheckout, RunningCommand, Variables } from '../../cli/cli-checkout.js';
import { freePorts } from '../../support/free-ports.js';
import { isSuccess, send } from './request.js';

type Apps = 'all' | 'identity-provider' | 'user-service';

const START_MS = 120_000;

/** `TEST_WORKERS=2`: each replica serves with two processes. The default is one. */
const WORKERS = process.env['TEST_WORKERS'] ? ['--workers', process.env['TEST_WORKERS']] : [];

/** Ends the replica when the test process ends and its pipe closes, because a killed test cannot stop its replicas. */
const END_WITH_THE_TEST = `--import=data:text/javascript,${encodeURIComponent(
  "process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume().unref();",
)}`;

/** One `twinkey run` as a separate process. Its ports stay the same after a restart. */
export class Replica {
  private running: RunningCommand | null = null;

  private constructor(
    private readonly checkout: CliCheckout,
    private readonly apps: Apps,
    readonly ports: Variables & Awaited<ReturnType<typeof freePorts>>,
    /** Can be changed between restarts. */
    public env: Variables,
    private readonly options: string[],
  ) {}

  /** @param options of `twinkey run` */
  static async start(
    checkout: CliCheckout,
    apps: Apps,
    env: Variables,
    options: string[] = WORKERS,
  ): Promise<Replica> {
    const replica = await Replica.prepare(checkout, apps, env, options);
    await replica.start();
    return replica;
  }

  /** Chooses its ports, and does not start it. */
  static async prepare(
    checkout: CliCheckout,
    apps: Apps,
    env: Variables,
    options: string[] = WORKERS,
  ): Promise<Replica> {
    return new Replica(checkout, apps, await freePorts(), env, options);
  }

  get identityProvider(): string {
    return `http://127.0.0.1:${this.ports.PORT}`;
  }

  get userService(): string {
    return `http://127.0.0.1:${this.ports.USER_SERVICE_PORT}`;
  }

  get internal(): string {
    return `http://127.0.0.1:${this.ports.USER_SERVICE_INTERNAL_PORT}`;
  }

  get pid(): number {
    return this.running?.child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.running?.child.exitCode !== null || this.running.child.signalCode !== null;
  }

  /** Its output. */
  get log(): string {
    return this.running ? this.running.output.stdout + this.running.output.stderr : '';
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.running = this.checkout.start(['run', this.apps, ...this.options], {
      ...this.env,
      ...this.ports,
      NODE_OPTIONS: END_WITH_THE_TEST,
    });
    const since = performance.now();
    while (!(await this.isReady())) {
      if (this.hasEnded || performance.now() - since > START_MS)
        throw new Error(`The replica does not start: ${this.log.slice(-2_000)}`);
      await sleep(50);
    }
  }

  /** Stops it as an orchestrator does. Returns the exit code and the duration. */
  async stop(): Promise<{ code: number | null; ms: number }> {
    const since = performance.now();
    this.running?.child.kill('SIGTERM');
    const code = (await this.running?.ended)?.code ?? null;
    return { code, ms: Math.round(performance.now() - since) };
  }

  async restart(): Promise<{ code: number | null; ms: number }> {
    const stopped = await this.stop();
    await this.start();
    return stopped;
  }

  signal(signal: NodeJS.Signals): void {
    this.running?.child.kill(signal);
  }

  /** Kills it, as the kernel does when memory is short. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.running?.ended;
  }

  private async isReady(): Promise<boolean> {
    const urls = [
      ...(this.apps === 'user-service' ? [] : [this.identityProvider]),
      ...(this.apps === 'identity-provider' ? [] : [this.internal]),
    ];
    const answers = await Promise.all(urls.map((url) => send({ name: 'ready', url: `${url}/health/ready` })));
    return answers.every(isSuccess);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { CliCheckout, RunningCommand, Variables } from '../../cli/cli-checkout.js';
import { freePorts } from '../../support/free-ports.js';
import { isSuccess, send } from './request.js';

type Apps = 'all' | 'identity-provider' | 'user-service';

const START_MS = 120_000;

/** `TEST_WORKERS=2`: each replica serves with so many processes; unless told, with one. */
const WORKERS = process.env['TEST_WORKERS'] ? ['--workers', process.env['TEST_WORKERS']] : [];

/** A test that is broken off cannot stop what it has started: its end of this pipe goes with it. */
const GOES_WITH_THE_TEST = `--import=data:text/javascript,${encodeURIComponent(
  "process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume().unref();",
)}`;

/** One `twinkey run` as a process of its own, on ports that stay the same over its restarts. */
export class Replica {
  private running: RunningCommand | null = null;

  private constructor(
    private readonly checkout: CliCheckout,
    private readonly apps: Apps,
    readonly ports: Variables & Awaited<ReturnType<typeof freePorts>>,
    /** May be changed between restarts. */
    public env: Variables,
  ) {}

  static async start(checkout: CliCheckout, apps: Apps, env: Variables): Promise<Replica> {
    const replica = new Replica(checkout, apps, await freePorts(), env);
    await replica.start();
    return replica;
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

  /** Its log. */
  get log(): string {
    return this.running ? this.running.output.stdout + this.running.output.stderr : '';
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.running = this.checkout.start(['run', this.apps, ...WORKERS], {
      ...this.env,
      ...this.ports,
      NODE_OPTIONS: GOES_WITH_THE_TEST,
    });
    const since = performance.now();
    while (!(await this.isReady())) {
      if (this.hasEnded || performance.now() - since > START_MS)
        throw new Error(`The replica does not start: ${this.log.slice(-2_000)}`);
      await sleep(50);
    }
  }

  /** Ends it as an orchestrator does; how long that took (ms), and its exit code. */
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

  /** As the kernel does when memory is short. */
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

import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, isSuccess, type Outcome, send } from './request.js';

export interface LoadOptions {
  /** Each has one connection, which it keeps as long as it may, and one request at a time. */
  clients: number;
  /** Of all clients together. What an outage holds up is not made up for. */
  perSecond: number;
  /** @param turn counts this client's calls from 0 */
  next: (client: number, turn: number) => Call;
  /** Of each call, in order of one client. */
  onOutcome?: (outcome: Outcome, client: number) => void;
}

/** A steady load that keeps every outcome, until it is stopped. */
export class Load {
  readonly outcomes: Outcome[] = [];
  private readonly clients: Promise<void>[];
  private readonly inFlight = new Set<number>();
  private stopped = false;

  constructor(private readonly options: LoadOptions) {
    this.clients = Array.from({ length: options.clients }, (_, client) => this.run(client));
  }

  /** How many requests have no answer at this moment. */
  get waiting(): number {
    return this.inFlight.size;
  }

  get failures(): Outcome[] {
    return this.outcomes.filter((outcome) => !isSuccess(outcome));
  }

  /** Those that began after this moment (of `performance.now()`). */
  since(moment: number): Outcome[] {
    return this.outcomes.filter(({ startedAt }) => startedAt >= moment);
  }

  /** Lets the last requests end. */
  async stop(): Promise<Outcome[]> {
    this.stopped = true;
    await Promise.all(this.clients);
    return this.outcomes;
  }

  private async run(client: number): Promise<void> {
    const { clients, perSecond, next, onOutcome } = this.options;
    const pause = (1_000 * clients) / perSecond;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await sleep((pause * client) / clients);
    for (let turn = 0; !this.stopped; turn += 1) {
      this.inFlight.add(client);
      const outcome = await send(next(client, turn), agent);
      this.inFlight.delete(client);
      this.outcomes.push(outcome);
      onOutcome?.(outcome, client);
      await sleep(Math.max(0, pause - (outcome.endedAt - outcome.startedAt)));
    }
    agent.destroy();
  }
}

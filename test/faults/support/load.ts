import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, isSuccess, type Outcome, send } from './request.js';

export interface LoadOptions {
  /** Each client has one keep-alive connection and sends one request at a time. */
  clients: number;
  /** Rate of all clients together. Requests that an outage delays are not sent later. */
  perSecond: number;
  /** @param turn number of this client's calls, from 0 */
  next: (client: number, turn: number) => Call;
  /** Called after each call, in order for each client. */
  onOutcome?: (outcome: Outcome, client: number) => void;
}

/** A constant load until it is stopped; it records all outcomes. */
export class Load {
  readonly outcomes: Outcome[] = [];
  private readonly clients: Promise<void>[];
  private readonly inFlight = new Set<number>();
  private stopped = false;

  constructor(private readonly options: LoadOptions) {
    this.clients = Array.from({ length: options.clients }, (_, client) => this.run(client));
  }

  /** The number of requests without a response at this moment. */
  get waiting(): number {
    return this.inFlight.size;
  }

  get failures(): Outcome[] {
    return this.outcomes.filter((outcome) => !isSuccess(outcome));
  }

  /** The outcomes of requests that started after this moment (of `performance.now()`). */
  since(moment: number): Outcome[] {
    return this.outcomes.filter(({ startedAt }) => startedAt >= moment);
  }

  /** Stops the load and waits for the last requests. */
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

import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { BackgroundTask } from './background-task.js';
import { ScheduledTask } from './scheduled-task.js';

/** Injects the application's name: the label `app` of the metrics. */
export const BACKGROUND_APP = Symbol('application of the background runner');

/** How long the shutdown waits for runs that have begun. */
const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Runs the background tasks of one application from its start until its shutdown, which waits for runs that have begun,
 * before the database is closed. A feature adds its tasks in its constructor or in `onModuleInit`.
 */
@Injectable()
export class BackgroundRunner implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger('Background');
  private readonly tasks: ScheduledTask[] = [];

  constructor(@Inject(BACKGROUND_APP) private readonly app: string) {}

  /** @throws Error if the application has a task of this name */
  add(task: BackgroundTask): ScheduledTask {
    if (this.tasks.some((known) => known.task.name === task.name)) {
      throw new Error(`There are two background tasks ${task.name}.`);
    }
    const scheduled = new ScheduledTask(this.app, task);
    this.tasks.push(scheduled);
    return scheduled;
  }

  onApplicationBootstrap(): void {
    for (const task of this.tasks) task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.stop(this.tasks.filter(({ task }) => !task.runsWhileDraining));
  }

  /** After the last request has ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.stop(this.tasks);
  }

  private async stop(tasks: ScheduledTask[]): Promise<void> {
    const timeout = new AbortController();
    const stopped = Promise.all(tasks.map((task) => task.stop()));
    const isLate = await Promise.race([
      stopped.then(() => false),
      sleep(DRAIN_TIMEOUT_MS, true, { signal: timeout.signal, ref: false }).catch(() => true),
    ]);
    timeout.abort();
    if (isLate) this.logger.warn({ msg: 'background tasks did not end in time', app: this.app });
  }
}

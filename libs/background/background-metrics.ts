import { Counter, Histogram } from 'prom-client';

const runs = new Counter({
  name: 'twinkey_background_runs_total',
  help: 'Runs of background tasks, by application, task and outcome: success, failure.',
  labelNames: ['app', 'task', 'outcome'] as const,
});

const durations = new Histogram({
  name: 'twinkey_background_run_duration_seconds',
  help: 'Duration of the runs of background tasks, by application and task.',
  labelNames: ['app', 'task'] as const,
  buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
});

export function observeRun(
  app: string,
  task: string,
  { isSuccess, seconds }: { isSuccess: boolean; seconds: number },
): void {
  runs.inc({ app, task, outcome: isSuccess ? 'success' : 'failure' });
  durations.observe({ app, task }, seconds);
}

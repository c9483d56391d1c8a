import { environmentName } from '#libs/config/environment.js';
import { type ChosenApps, settingsOf } from '../../chosen-apps.js';
import { openLogger } from '../logger.js';
import { prepare, type Running, type StartOptions } from '../start.js';
import { Supervisor } from './supervisor.js';

/** As `start`, with worker processes that serve; this one prepares what they need, and looks after them. */
export async function startWorkers(
  apps: ChosenApps,
  workers: number,
  options: StartOptions,
): Promise<Running> {
  const { env, ...told } = await prepare(apps, options);
  const settings = settingsOf(apps, env);
  const logger = await openLogger(settings.identityProvider ?? settings.userService!);
  const supervisor = new Supervisor({ apps, env, workers }, logger);
  await options.closers.add(() => supervisor.stop());
  const addresses = await supervisor.start();
  return { ...told, environment: environmentName(env), logger, addresses };
}

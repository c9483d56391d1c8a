import { environmentName } from '#libs/config/environment.js';
import { type ChosenApps, settingsOf } from '../../chosen-apps.js';
import { openLogger } from '../logger.js';
import { prepare, type Running, type StartOptions } from '../start.js';
import { Supervisor } from './supervisor.js';

/** Like `start`, but worker processes serve the requests. This process prepares and supervises them. */
export async function startWorkers(
  apps: ChosenApps,
  workers: number,
  options: StartOptions,
): Promise<Running> {
  const { env, ...prepared } = await prepare(apps, options);
  const settings = settingsOf(apps, env);
  const logger = await openLogger(settings.identityProvider ?? settings.userService!);
  const supervisor = new Supervisor({ apps, env, workers }, logger);
  await options.closers.add(() => supervisor.stop());
  const addresses = await supervisor.start();
  return { ...prepared, environment: environmentName(env), logger, addresses };
}

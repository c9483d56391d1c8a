import { Command, Option } from 'nest-commander';
import type { SeedResult } from '#apps/identity-provider/src/seed/seed.service.js';
import { seedSettings } from '#libs/config/command.settings.js';
import { readEnvironment } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal-output.js';
import { readNewPassword } from './password-prompt.js';

@Command({
  name: 'seed',
  description: 'add the roles and permissions, and the demo accounts or the first administrator',
})
export class SeedCommand extends StrictCommand {
  async run(_arguments: string[], { adminEmail }: { adminEmail?: string }): Promise<void> {
    await withOpenDatabase(readEnvironment(projectRoot), projectRoot, async (env) => {
      const settings = seedSettings(env);
      if (settings.environment === 'production' && adminEmail === undefined) {
        throw new UserFacingError(
          'There are no demo accounts in production. To create the first administrator, run twinkey seed --admin-email you@example.com.',
        );
      }
      const { withSeedService } = await import('./seed-context.js');
      await withSeedService(settings, async (seed) => {
        if (adminEmail === undefined) return printAdded(await seed.seedDemo());
        if (await seed.hasAccount(adminEmail)) {
          printAdded(await seed.seedRights());
          return print(`${adminEmail} already exists, and stays as it is.`);
        }
        printAdded(await seed.seedAdmin(adminEmail, await readNewPassword(adminEmail)));
      });
    });
  }

  @Option({
    flags: '--admin-email <email>',
    description:
      'create this administrator; the password is read from a prompt or the first line of standard input',
  })
  parseAdminEmail(email: string): string {
    return email;
  }
}

function printAdded(seeded: Partial<SeedResult>): void {
  const added = Object.entries(seeded).filter(([, names]) => names.length > 0);
  for (const [kind, names] of added) print(`Added ${kind}: ${names.join(', ')}`);
  if (added.length === 0) print('Nothing had to be added.');
}

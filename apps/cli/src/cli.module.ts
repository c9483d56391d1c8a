import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';
import { AuditCommand } from './audit/audit.command.js';
import { AuditExportCommand } from './audit/audit-export.command.js';
import { DoctorCommand } from './doctor/doctor.command.js';
import { KeysCommand } from './keys/keys.command.js';
import { KeysGenerateCommand } from './keys/keys-generate.command.js';
import { KeysRotateCommand } from './keys/keys-rotate.command.js';
import { MigrateCommand } from './migrate/migrate.command.js';
import { OpenapiCommand } from './openapi/openapi.command.js';
import { RunCommand } from './run/run.command.js';
import { SeedCommand } from './seed/seed.command.js';
import type { ParserCommand } from './strict-command.js';

@Module({
  providers: [
    RunCommand,
    MigrateCommand,
    SeedCommand,
    KeysCommand,
    KeysGenerateCommand,
    KeysRotateCommand,
    DoctorCommand,
    OpenapiCommand,
    AuditCommand,
    AuditExportCommand,
  ],
})
export class CliModule {
  constructor(@InjectCommander() commander: ParserCommand) {
    commander
      .name('twinkey')
      .description('One identity backend, two ways to sign in, one user. Settings: docs/settings.md.')
      .addHelpCommand(false)
      .addHelpText('after', '\nEvery command has a --help option.');
  }
}

import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';
import { AuditCommand } from './audit/audit.command.js';
import { AuditExportCommand } from './audit/audit-export.command.js';
import { ClientsCommand } from './clients/clients.command.js';
import { ClientsCreateCommand } from './clients/clients-create.command.js';
import { ClientsDeleteCommand } from './clients/clients-delete.command.js';
import { ClientsListCommand } from './clients/clients-list.command.js';
import { DoctorCommand } from './doctor/doctor.command.js';
import { KeysCommand } from './keys/keys.command.js';
import { KeysGenerateCommand } from './keys/keys-generate.command.js';
import { KeysRotateCommand } from './keys/keys-rotate.command.js';
import { KeysWithdrawCommand } from './keys/keys-withdraw.command.js';
import { MailCommand } from './mail/mail.command.js';
import { MailListCommand } from './mail/mail-list.command.js';
import { MigrateCommand } from './migrate/migrate.command.js';
import { OpenapiCommand } from './openapi/openapi.command.js';
import { RunCommand } from './run/run.command.js';
import { SeedCommand } from './seed/seed.command.js';
import { SessionsCommand } from './sessions/sessions.command.js';
import { SessionsEndCommand } from './sessions/sessions-end.command.js';
import { SessionsListCommand } from './sessions/sessions-list.command.js';
import type { ParserCommand } from './strict-command.js';
import { TokensCommand } from './tokens/tokens.command.js';
import { TokensExplainCommand } from './tokens/tokens-explain.command.js';

@Module({
  providers: [
    RunCommand,
    MigrateCommand,
    SeedCommand,
    KeysCommand,
    KeysGenerateCommand,
    KeysRotateCommand,
    KeysWithdrawCommand,
    SessionsCommand,
    SessionsListCommand,
    SessionsEndCommand,
    ClientsCommand,
    ClientsListCommand,
    ClientsCreateCommand,
    ClientsDeleteCommand,
    TokensCommand,
    TokensExplainCommand,
    DoctorCommand,
    OpenapiCommand,
    AuditCommand,
    AuditExportCommand,
    MailCommand,
    MailListCommand,
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

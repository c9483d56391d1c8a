import { Command } from 'nest-commander';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal-output.js';

@Command({ name: 'openapi', description: 'write the OpenAPI document of each listener to openapi/' })
export class OpenapiCommand extends StrictCommand {
  async run(): Promise<void> {
    const { writeDocuments } = await import('./openapi-documents.js');
    for (const file of await writeDocuments(projectRoot)) print(file);
  }
}

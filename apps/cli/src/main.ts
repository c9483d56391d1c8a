import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFactory } from 'nest-commander';
import { printError } from '#libs/core/user-facing-error.js';
import { CliModule } from './cli.module.js';
import { projectRoot } from './project-root.js';

// A closed pipe (`twinkey migrate status | head -1`) is not an error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

await CommandFactory.run(CliModule, {
  abortOnError: false,
  version,
  serviceErrorHandler: printError,
  // The parser prints suggestions on a second line: errors must have one line.
  outputConfiguration: { outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`) },
}).catch(printError);

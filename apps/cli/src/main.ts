import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFactory } from 'nest-commander';
import { CliModule } from './cli.module.js';
import { printError } from '#libs/core/user-facing-error.js';
import { projectRoot } from './project-root.js';

// A reader that goes away early (`twinkey migrate status | head -1`) is no fault of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

await CommandFactory.run(CliModule, {
  abortOnError: false,
  version,
  serviceErrorHandler: printError,
  // The parser adds its suggestions on a second line.
  outputConfiguration: { outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`) },
}).catch(printError);

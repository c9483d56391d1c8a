#!/usr/bin/env node
'use strict';

require('./runtime.cjs');

const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const main = join(__dirname, '../dist/apps/cli/src/main.js');

if (existsSync(main)) {
  // Nest is an ES module that nest-commander, which is CommonJS, requires. Before 20.19.5, Node can do that only if the
  // module has been evaluated.
  import('@nestjs/core').then(() => import(pathToFileURL(main).href));
} else {
  console.error('Twinkey is not built yet: run npm start (builds and runs it) or npm run build.');
  process.exitCode = 1;
}

'use strict';

// Runs before the first ES module is loaded. It is CommonJS because Node 20 reads ES modules on libuv's thread pool, whose
// size cannot change after its first use, and bcrypt needs more than the default of four threads.
require('./node-version.cjs');
require('./signals.cjs');

const nodeModule = require('node:module');
const { availableParallelism } = require('node:os');

if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = String(availableParallelism() + 4);

// Stack traces show TypeScript lines. The source maps of packages are not read if Node supports this (22.14 and later).
if (nodeModule.setSourceMapsSupport) nodeModule.setSourceMapsSupport(true, { nodeModules: false });
else process.setSourceMapsEnabled(true);

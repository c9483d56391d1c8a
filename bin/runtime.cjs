'use strict';

// What has to be settled before the first ES module is loaded. CommonJS, because Node 20 reads ES modules on libuv's
// thread pool, whose size is fixed from its first use on, and bcrypt needs more than the four threads of the default.
require('./node-version.cjs');
require('./signals.cjs');

const nodeModule = require('node:module');
const { availableParallelism } = require('node:os');

if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = String(availableParallelism() + 4);

// Stack traces name the TypeScript lines; the maps of packages are left unread where Node can (22.14 and later).
if (nodeModule.setSourceMapsSupport) nodeModule.setSourceMapsSupport(true, { nodeModules: false });
else process.setSourceMapsEnabled(true);

'use strict';

// CommonJS and old syntax, so that an outdated Node can run this file and print the message below.
const { engines } = require('../package.json');

const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
const [runningMajor, runningMinor] = process.versions.node.split('.').map(Number);

if (runningMajor < major || (runningMajor === major && runningMinor < minor)) {
  console.error(`Twinkey needs Node ${major}.${minor} or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}

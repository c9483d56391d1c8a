import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './paths.mjs';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in the checkout until it ends, on this terminal unless `options.stdio` says otherwise.
 * Signals are passed on and the end is awaited, so that nothing is left behind.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} its exit code (128 + n where signal n ended it, 127 where it
 *   can't be started), and what it printed where stdio is piped
 */
export function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  const passOn = (signal) => child.kill(signal);
  for (const signal of PASSED_ON) process.on(signal, passOn);

  return new Promise((resolve) => {
    const end = (code) => {
      for (const signal of PASSED_ON) process.off(signal, passOn);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      output += error.message;
      end(127);
    });
    child.once('close', (code, signal) => end(code ?? 128 + constants.signals[signal]));
  });
}

/** A tool from node_modules, started without npx. `script` is its path in there. */
export function runTool(script, args, options) {
  return run(process.execPath, [`${root}/node_modules/${script}`, ...args], options);
}

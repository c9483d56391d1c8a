import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './paths.mjs';

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in the checkout until it ends, on this terminal unless `options.stdio` is set.
 * Signals are forwarded to it, and this process waits for its end, so that no process is left running.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} the exit code (128 + n if signal n ended it, 127 if it cannot
 *   be started), and the output if stdio is piped
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
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);

  return new Promise((resolve) => {
    const end = (code) => {
      for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
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

/** Runs a tool of node_modules without npx. `script` is its path in node_modules. */
export function runTool(script, args, options) {
  return run(process.execPath, [`${root}/node_modules/${script}`, ...args], options);
}

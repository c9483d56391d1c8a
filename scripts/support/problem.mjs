/** Something that the person at the terminal can put right: one line for him, no stack. */
export class Problem extends Error {}

/**
 * Runs a script's work and sets the exit code: what `task` resolves with, where it is a number; 1 where it throws.
 *
 * @param {() => Promise<number | void>} task
 */
export async function runScript(task) {
  try {
    const code = await task();
    if (code) process.exitCode = code;
  } catch (error) {
    console.error(error instanceof Problem ? error.message : error);
    process.exitCode = 1;
  }
}

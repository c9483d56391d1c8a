/** An error that the user can fix: printed as one line, without a stack. */
export class UserFacingError extends Error {}

/**
 * Runs a script and sets the exit code: the number that `task` resolves with, or 1 if it throws.
 *
 * @param {() => Promise<number | void>} task
 */
export async function runScript(task) {
  try {
    const code = await task();
    if (code) process.exitCode = code;
  } catch (error) {
    console.error(error instanceof UserFacingError ? error.message : error);
    process.exitCode = 1;
  }
}

import { describe, expect, test } from 'vitest';
import { runProgram } from '#libs/development/keycloak/programs.js';

describe('running a program', () => {
  const options = { environment: {}, timeoutMs: 5000 };

  test('returns its exit code, standard output and standard error', async () => {
    const script = 'process.stdout.write("out "); process.stderr.write("err"); process.exitCode = 3';
    expect(await runProgram(process.execPath, ['-e', script], options)).toEqual({
      code: 3,
      output: 'out err',
    });
  });

  test('returns no code if the program is missing or takes too long', async () => {
    expect(await runProgram('/nowhere/java', [], options)).toEqual({ code: null, output: '' });
    const forever = ['-e', 'setInterval(() => {}, 1000)'];
    expect((await runProgram(process.execPath, forever, { ...options, timeoutMs: 100 })).code).toBeNull();
  });

  test('ends the program and throws the reason when it is aborted', async () => {
    const forever = ['-e', 'setInterval(() => {}, 1000)'];
    const controller = new AbortController();
    const running = runProgram(process.execPath, forever, { ...options, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});

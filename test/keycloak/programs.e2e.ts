import { describe, expect, test } from 'vitest';
import { runProgram } from '#libs/development/keycloak/programs.js';

describe('asking a program', () => {
  const options = { environment: {}, timeoutMs: 5000 };

  test('gives its exit code and both of its outputs', async () => {
    const script = 'process.stdout.write("out "); process.stderr.write("err"); process.exitCode = 3';
    expect(await runProgram(process.execPath, ['-e', script], options)).toEqual({ code: 3, output: 'out err' });
  });

  test('has no code where the program is missing, or takes too long', async () => {
    expect(await runProgram('/nowhere/java', [], options)).toEqual({ code: null, output: '' });
    const forever = ['-e', 'setInterval(() => {}, 1000)'];
    expect((await runProgram(process.execPath, forever, { ...options, timeoutMs: 100 })).code).toBeNull();
  });

  test('ends the program and throws the reason when it is aborted', async () => {
    const forever = ['-e', 'setInterval(() => {}, 1000)'];
    const controller = new AbortController();
    const asked = runProgram(process.execPath, forever, { ...options, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

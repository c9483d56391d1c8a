import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliCheckout, ONE_LINE } from './cli-checkout.js';

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

describe('--help', () => {
  it.each([
    [[]],
    [['run']],
    [['migrate']],
    [['seed']],
    [['keys']],
    [['keys', 'generate']],
    [['keys', 'rotate']],
    [['keys', 'withdraw']],
    [['tokens', 'explain']],
    [['sessions', 'list']],
    [['sessions', 'end']],
    [['doctor']],
    [['openapi']],
  ])('of %j is printed, and nothing else happens', async (command) => {
    const { code, stdout, stderr } = await checkout.twinkey([...command, '--help']);
    expect(stdout).toContain(`Usage: twinkey ${command.join(' ')}`.trim());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('unknown input is refused with one line', () => {
  it.each([
    ['an unknown command', ['foo'], "'foo' is not a command"],
    ['help, which is an option', ['help'], "'help' is not a command"],
    ['an unknown option of the default command', ['--foo'], "unknown option '--foo'"],
    ['an unknown app', ['run', 'gateway'], "'gateway' is not"],
    ['two apps', ['run', 'all', 'user-service'], 'too many arguments'],
    ['an unknown action', ['migrate', 'sideways'], "'sideways' is not"],
    ['a second action', ['migrate', 'up', 'down'], 'too many arguments'],
    ['an option of another command', ['migrate', '--write'], "unknown option '--write'"],
    ['a mistyped option', ['migrate', 'status', '--jsno'], '--json'],
    ['an argument of seed', ['seed', 'admin@example.com'], 'too many arguments'],
    ['an option without its value', ['seed', '--admin-email'], '--admin-email'],
    ['keys alone', ['keys'], 'needs a subcommand'],
    ['an unknown subcommand', ['keys', 'drop'], "no subcommand 'drop'"],
    ['an option of keys', ['keys', '--write'], "unknown option '--write'"],
    ['an argument of a subcommand', ['keys', 'generate', 'now'], 'too many arguments'],
    ['--force without --write', ['keys', 'generate', '--force'], '--write'],
    ['--wait without --activate', ['keys', 'rotate', '--wait'], '--activate'],
    ['keys withdraw without a key', ['keys', 'withdraw'], 'kid'],
    ['a token as an argument', ['tokens', 'explain', 'eyJ'], 'too many arguments'],
    ['an unknown subcommand of tokens', ['tokens', 'mint'], "no subcommand 'mint'"],
    ['sessions without an account', ['sessions', 'list'], '--account'],
    ['sessions end without a session', ['sessions', 'end', '--account', 'a@example.com'], '--all'],
    ['an unknown app of doctor', ['doctor', 'gateway'], "'gateway' is not"],
    ['an argument of openapi', ['openapi', 'here'], 'too many arguments'],
  ])('%s', async (_, args, reason) => {
    const { code, stdout, stderr } = await checkout.twinkey(args);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(reason);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

it('prints its version', async () => {
  expect(await checkout.twinkey(['--version'])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  });
});

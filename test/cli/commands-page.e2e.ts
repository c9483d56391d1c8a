import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliCheckout } from './cli-checkout.js';

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

const help = async (...command: string[]) => (await checkout.twinkey([...command, '--help'])).stdout;
/** The command names below `Commands:`, without the second lines of descriptions. */
const commandsIn = (text: string) =>
  [...(text.split('Commands:\n')[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
const optionsIn = (text: string) =>
  [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== '--help');

it('docs/commands.md describes every command and every option', async () => {
  const page = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  const commands = commandsIn(await help());
  expect(commands).toEqual(expect.arrayContaining(['keys', 'audit', 'sessions', 'tokens']));
  for (const name of commands) {
    const subcommands = commandsIn(await help(name));
    for (const command of subcommands.length > 0 ? subcommands.map((each) => [name, each]) : [[name]]) {
      expect(page).toContain(`| \`${command.join(' ')}`);
      for (const option of optionsIn(await help(...command))) expect(page).toContain(option);
    }
  }
});

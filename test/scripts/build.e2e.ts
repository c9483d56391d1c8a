import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TinyCheckout } from './tiny-checkout.js';

let checkout: TinyCheckout;
const build = () => checkout.run('npm', ['run', '--silent', 'build']);
const dist = (path: string) => join(checkout.folder, 'dist', path);

beforeEach(() => {
  checkout = new TinyCheckout('console.log("ran")');
  checkout.write('libs/words/words.txt', 'one two');
  checkout.write('libs/words/words.ts', 'export const words: string = "three";');
  checkout.write('libs/words/words.spec.ts', 'throw new Error();');
});
afterEach(() => checkout.close());

it('compiles sources, copies other files, and skips specs', async () => {
  expect(await build()).toEqual({ code: 0, output: '' });
  expect(readFileSync(dist('libs/words/words.js'), 'utf8')).toContain('export const words = "three";');
  expect(readFileSync(dist('libs/words/words.txt'), 'utf8')).toBe('one two');
  expect(existsSync(dist('libs/words/words.spec.js'))).toBe(false);
});

it('removes files without a source, and does not touch unchanged files', async () => {
  await build();
  const before = statSync(dist('apps/cli/src/main.js')).ino;
  rmSync(join(checkout.folder, 'libs/words'), { recursive: true });
  await build();
  expect(existsSync(dist('libs'))).toBe(false);
  expect(statSync(dist('apps/cli/src/main.js')).ino).toBe(before);
});

it('keeps the last good build if a source is broken', async () => {
  await build();
  const before = readFileSync(dist('libs/words/words.js'), 'utf8');
  checkout.write('libs/words/words.ts', 'export const = ;');
  const { code, output } = await build();
  expect(code).toBe(1);
  expect(output).toContain('libs/words/words.ts');
  expect(readFileSync(dist('libs/words/words.js'), 'utf8')).toBe(before);
});

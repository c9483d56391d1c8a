import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}/docs/verifying-tokens.md`, 'utf8');

/** Each example's section: the file that it links to, and its blocks of code. */
const sections = page
  .split(/^#{2,3} /m)
  .map((text) => ({
    file: /\(\.\.\/(test\/verifiers\/[^)]+\.\w+)\)/.exec(text)?.[1] ?? '',
    blocks: [...text.matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block),
  }))
  .filter(({ file }) => file !== '');

/** Without indentation, which the page changes. */
const bare = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .join('\n');

describe('docs/verifying-tokens.md', () => {
  it.each(sections)('shows lines of $file, which runs', ({ file, blocks }) => {
    expect(blocks.length).toBeGreaterThan(0);
    const source = bare(readFileSync(`${root}/${file}`, 'utf8'));
    for (const block of blocks) expect(source).toContain(bare(block));
  });

  it('shows every example', () => {
    const examples = ['node', 'python'].flatMap((folder) =>
      readdirSync(`${root}/test/verifiers/${folder}`)
        .filter((name) => /\.(mjs|ts|py)$/.test(name))
        .map((name) => `test/verifiers/${folder}/${name}`),
    );
    expect(sections.map(({ file }) => file)).toEqual(expect.arrayContaining(examples));
  });

  it('names the versions that the tests run', () => {
    const versionOf = (name: string) => {
      const file = `${root}/node_modules/${name}/package.json`;
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    };
    for (const name of ['jose', 'express-oauth2-jwt-bearer', '@fastify/jwt', 'get-jwks', 'hono']) {
      expect(page, name).toContain(versionOf(name));
    }
    const python = readFileSync(`${root}/.ci/requirements.txt`, 'utf8');
    for (const [, version] of python.matchAll(/^(?:PyJWT|Authlib).*==(.+)$/gm))
      expect(page).toContain(version);
  });
});

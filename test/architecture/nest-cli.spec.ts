import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const nestCli = JSON.parse(readFileSync('nest-cli.json', 'utf8'));

const projectsIn = (folder: 'apps' | 'libs') =>
  readdirSync(folder).map((name) => {
    const root = `${folder}/${name}`;
    const [type, sourceRoot] = folder === 'apps' ? ['application', `${root}/src`] : ['library', root];
    return [name, { type, root, sourceRoot }];
  });

it('lists every app and library as a project, so that nest generate writes into its folder', () => {
  expect(nestCli.projects).toEqual(Object.fromEntries([...projectsIn('apps'), ...projectsIn('libs')]));
});

it('lets nest generate write no Jest specs', () => {
  expect(nestCli.generateOptions).toEqual({ spec: false });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSources } from './source-file.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EMPTY = '@favware/skip-dependency';

interface Skipped {
  /** The files of the dependent that load the package. If an update adds one, find out what calls it. */
  loadedBy: string[];
  /** What calls it, in our sources. */
  feature: RegExp;
}

/** The packages that `overrides` in `package.json` replaces with an empty one, below the packages that ask for them. */
const SKIPPED: Record<string, Record<string, Skipped>> = {
  '@nestjs/common': {
    // Recognizes the types of uploaded files. Nothing is uploaded.
    'file-type': { loadedBy: ['pipes/file/file-type.validator.js'], feature: /FileTypeValidator/ },
  },
  '@nestjs/swagger': {
    // Reads comments, for the plugin of the TypeScript compiler.
    '@microsoft/tsdoc': {
      loadedBy: ['dist/plugin/utils/ast-utils.js'],
      feature: /@nestjs\/swagger\/(dist\/)?plugin/,
    },
    // Both are for the pages of SwaggerModule, which libs/openapi replaces with its own. They have no YAML.
    'js-yaml': { loadedBy: ['dist/swagger-module.js'], feature: /SwaggerModule\.setup/ },
    'swagger-ui-dist': { loadedBy: ['dist/swagger-ui/swagger-ui.js'], feature: /SwaggerModule\.setup/ },
  },
  'class-validator': {
    // The phone numbers of all countries. No field is a phone number. The index of class-validator loads it, so the index fails:
    // our fields load other files of class-validator, and Nest's mapped types would lose their validation without an error.
    'libphonenumber-js': {
      loadedBy: ['cjs', 'esm2015', 'esm5'].map((build) => `${build}/decorator/string/IsPhoneNumber.js`),
      feature:
        /IsPhoneNumber|^(import (?!type)[^;]*|export [^;]*)from 'class-validator'|\b(Partial|Pick|Omit|Intersection)Type\b|ValidationPipe/m,
    },
  },
  'nest-commander': {
    // Completions for Fig, a terminal.
    '@fig/complete-commander': { loadedBy: ['src/completion.factory.js'], feature: /\bcompletion\b/ },
    // Types of `inquirer`.
    '@types/inquirer': { loadedBy: [], feature: /['"]inquirer['"]/ },
    // Finds a program's plugins.
    cosmiconfig: { loadedBy: ['src/command.factory.js'], feature: /usePlugins|registerPlugins/ },
    // Asks questions.
    inquirer: { loadedBy: ['src/command-runner.module.js'], feature: /InquirerService|QuestionSet/ },
  },
  'prom-client': {
    // Quantiles. They are not comparable between replicas: durations are histograms.
    tdigest: { loadedBy: ['lib/timeWindowQuantiles.js'], feature: /\bSummary\b/ },
  },
  qrcode: {
    // Pictures in the format PNG. Ours are SVG.
    pngjs: {
      loadedBy: ['lib/renderer/png.js'],
      feature: /type: 'png'|\btoDataURL\(|qrcode\.to(Buffer|File)/,
    },
    // Its own program.
    yargs: { loadedBy: ['bin/qrcode'], feature: /qrcode\/bin/ },
  },
  typeorm: {
    // Finds the files of entities and migrations that are given as patterns. Ours are given as classes.
    tinyglobby: {
      loadedBy: ['browser/', ''].map((build) => `${build}util/DirectoryExportedClassesLoader.js`),
      feature: /\b(entities|migrations|subscribers): *\[ *['"`]/,
    },
    // Its own program.
    yargs: { loadedBy: ['cli.js'], feature: /typeorm\/cli/ },
  },
};

const pairs = Object.entries(SKIPPED).flatMap(([dependent, packages]) =>
  Object.entries(packages).map(([name, skipped]) => ({ dependent, name, ...skipped })),
);
const titles = pairs.map(({ dependent, name }) => `${dependent} > ${name}`).sort();

const readJson = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

describe('the packages that are replaced with an empty one', () => {
  it('are those of package.json', () => {
    const { overrides } = readJson('package.json') as {
      overrides: Record<string, string | Record<string, string>>;
    };
    const replaced = Object.entries(overrides).flatMap(([dependent, packages]) =>
      Object.entries(packages).flatMap(([name, version]) =>
        version.startsWith(`npm:${EMPTY}@`) ? [`${dependent} > ${name}`] : [],
      ),
    );
    expect(replaced.sort()).toEqual(titles);
  });

  it('are those of package-lock.json', () => {
    const { packages } = readJson('package-lock.json') as { packages: Record<string, { name?: string }> };
    const empty = Object.entries(packages).flatMap(([path, { name }]) => (name === EMPTY ? [path] : []));
    const expected = pairs.map(
      ({ dependent, name }) =>
        [`node_modules/${dependent}/node_modules/${name}`, `node_modules/${name}`].find((path) =>
          empty.includes(path),
        ) ?? `${dependent} > ${name}`,
    );
    expect(expected.sort()).toEqual(empty.sort());
  });

  it.each(Object.keys(SKIPPED))('are loaded by known files of %s', (dependent) => {
    const scripts = scriptsOf(join(ROOT, 'node_modules', dependent));
    for (const [name, { loadedBy }] of Object.entries(SKIPPED[dependent]!)) {
      const loads = new RegExp(`['"]${name}(/[^'"]*)?['"]`);
      const files = scripts.flatMap(({ path, text }) => (loads.test(text) ? [path] : []));
      expect(files.sort(), name).toEqual(loadedBy.toSorted());
    }
  });

  const sources = readSources(ROOT, ['apps', 'libs', 'migrations']);

  it.each(pairs)('$dependent does not need $name, because no source uses it', ({ feature }) => {
    const uses = sources.filter(({ syntax }) => feature.test(syntax.text)).map(({ path }) => path);
    expect(uses).toEqual([]);
  });
});

/** The scripts of a package without those of the packages in it, also programs without an extension. */
function scriptsOf(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = posix.relative(folder, posix.join(entry.parentPath, entry.name));
    const isScript = /\.[cm]?js$|^[^.]+$/.test(entry.name) && !path.startsWith('node_modules/');
    return entry.isFile() && isScript ? [{ path, text: readFileSync(join(folder, path), 'utf8') }] : [];
  });
}

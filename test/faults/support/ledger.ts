import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file that each scenario adds its line to. */
    faultsLedger: string;
  }
}

/** What one scenario did to the servers, and what came of it. */
export interface Entry {
  done: string;
  /** Of what was promised; everything else than 'nothing' comes with a test that failed. */
  lost: string;
  figures: string;
}

/** Adds a line to the table that stands at the end of the run. Called before the scenario asserts. */
export async function record(entry: Entry): Promise<void> {
  await appendFile(inject('faultsLedger'), `${JSON.stringify(entry)}\n`);
}

/** 'nothing', or how many of what. */
export const lossOf = (count: number, what: string): string => (count === 0 ? 'nothing' : `${count} ${what}`);

/** vitest's global setup: the table is printed when everything has ended. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-faults-'));
  const file = join(folder, 'ledger');
  await appendFile(file, '');
  project.provide('faultsLedger', file);
  return async () => {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
    process.stdout.write(table(lines.map((line) => JSON.parse(line) as Entry)));
    await rm(folder, { recursive: true, force: true });
  };
}

function table(entries: Entry[]): string {
  const rows = [
    ['Done', 'Lost', 'Figures'],
    ...entries.map(({ done, lost, figures }) => [done, lost, figures]).sort(),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `\n${lines.join('\n')}\n\n`;
}

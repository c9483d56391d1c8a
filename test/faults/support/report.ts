import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file to which each scenario adds a line. */
    faultsReport: string;
  }
}

/** One scenario and its result. */
export interface ReportEntry {
  scenario: string;
  /** Lost requests or writes; if it is not 'nothing', the test fails too. */
  lost: string;
  figures: string;
}

/** Adds a line to the report that is printed at the end of the run. Call it before the assertions. */
export async function record(entry: ReportEntry): Promise<void> {
  await appendFile(inject('faultsReport'), `${JSON.stringify(entry)}\n`);
}

/** 'nothing', or a number with its unit. */
export const lossOf = (count: number, unit: string): string => (count === 0 ? 'nothing' : `${count} ${unit}`);

/** vitest's global setup: prints the report at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-faults-'));
  const file = join(folder, 'report');
  await appendFile(file, '');
  project.provide('faultsReport', file);
  return async () => {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
    process.stdout.write(table(lines.map((line) => JSON.parse(line) as ReportEntry)));
    await rm(folder, { recursive: true, force: true });
  };
}

function table(entries: ReportEntry[]): string {
  const rows = [
    ['Scenario', 'Lost', 'Figures'],
    ...entries.map(({ scenario, lost, figures }) => [scenario, lost, figures]).sort(),
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

export const print = (line) => process.stdout.write(`${line}\n`);

/**
 * @typedef {{ path: string, limit?: string, bare?: string, ours: string, ratio?: string, required?: string,
 *   target?: string, bareRatio?: string, bareRequired?: string, bareTarget?: string, notes?: string,
 *   isMet?: boolean, isBareMet?: boolean }} Row
 *   `bare`: the limit server that logs nothing and selects six columns
 */
const COLUMNS = [
  ['path', 'Path'],
  ['limit', 'Limit'],
  ['bare', 'Bare limit'],
  ['ours', 'Twinkey'],
  ['ratio', 'Ratio'],
  ['required', 'Required'],
  ['target', 'Target'],
  ['bareRatio', 'To bare'],
  ['bareRequired', 'Required'],
  ['bareTarget', 'Target'],
  ['notes', 'Notes'],
];
const OPTIONAL = new Set(['bare', 'bareRatio', 'bareRequired', 'bareTarget']);

/** A Markdown table, for the terminal and for docs/performance.md. @param {Row[]} rows @param {object} titles of columns */
export function table(rows, titles = {}) {
  const columns = COLUMNS.filter(([key]) => !OPTIONAL.has(key) || rows.some((row) => row[key]));
  const cells = rows.map((row) => columns.map(([key]) => textOf(row, key)));
  const header = columns.map(([key, title]) => titles[key] ?? title);
  return markdown(header, cells);
}

/** @param {string[]} header @param {string[][]} cells */
export function markdown(header, cells) {
  const lines = [header, ...cells];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const format = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return ['', format(header), rule, ...cells.map(format), ''].join('\n');
}

/** Which cell shows that a requirement is missed. */
const REQUIREMENTS = { ratio: 'isMet', bareRatio: 'isBareMet' };

const textOf = (row, key) => `${row[key] ?? ''}${row[REQUIREMENTS[key]] === false ? ' (missed)' : ''}`;

export const micros = (value) => `${value.toFixed(0)} µs`;
export const millis = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const times = (value) => value.toFixed(2);

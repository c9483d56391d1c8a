import { QueryFailedError } from 'typeorm';
import { expect, it } from 'vitest';
import { createLogger } from './logger.js';

/** Returns what one call writes, as text and parsed. */
async function written(log: (logger: Awaited<ReturnType<typeof createLogger>>) => void) {
  let text = '';
  const destination = {
    write(line: string) {
      text += line;
    },
  };
  log(await createLogger({ level: 'trace', destination }));
  return { text, line: JSON.parse(text) };
}

const SECRET = 'ada@example.com $2b$12$hash';

function failedInsert() {
  const driverError = Object.assign(new Error('duplicate key value violates unique constraint "x"'), {
    code: '23505',
    detail: `Key (email_key)=(${SECRET}) already exists.`,
    where: SECRET,
  });
  return new QueryFailedError('INSERT INTO accounts VALUES ($1)', [SECRET], driverError);
}

it('logs type, message, stack and code of an error, but neither the query nor its values', async () => {
  const { text, line } = await written((logger) => logger.error({ err: failedInsert() }, 'request failed'));
  expect(text).not.toContain('example.com');
  expect(text).not.toContain('INSERT');
  expect(line.err).toEqual({
    type: 'QueryFailedError',
    message: 'duplicate key value violates unique constraint "x"',
    stack: expect.stringContaining('QueryFailedError: duplicate key value'),
    code: '23505',
  });
});

it('logs the causes of an error in the same way', async () => {
  const error = new Error('outer', { cause: failedInsert() });
  for (const log of [
    (logger: Awaited<ReturnType<typeof createLogger>>) => logger.error(error),
    (logger: Awaited<ReturnType<typeof createLogger>>) => logger.warn({ error }, 'under another name'),
  ]) {
    const { text, line } = await written(log);
    expect(text).not.toContain('example.com');
    const { message, cause } = line.err ?? line.error;
    expect([message, cause.code, Object.keys(cause)]).toEqual([
      'outer',
      '23505',
      ['type', 'message', 'stack', 'code'],
    ]);
  }
});

it('stops at circular causes', async () => {
  const error = new Error('round');
  error.cause = error;
  const { line } = await written((logger) => logger.error({ err: error }));
  expect(JSON.stringify(line.err).match(/"message"/g)).toHaveLength(6);
});

it('logs only the type of an object that is not an error', async () => {
  const { line } = await written((logger) => logger.error({ err: { password_of: SECRET } }));
  expect(line.err).toBe('[object Object]');
});

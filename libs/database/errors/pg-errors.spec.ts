import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import {
  findPostgresError,
  isBadValue,
  isMisconfigured,
  isUnavailable,
  isUniqueViolation,
} from './pg-errors.js';

/** As pg makes it from the server's ErrorResponse. */
const answer = (code: string, more: object = {}) =>
  Object.assign(new Error('said by the server'), { code, severity: 'ERROR' }, more);

const wrapped = (error: Error) => new QueryFailedError('SELECT 1', [], error);

/** As Node's net module makes it. */
const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });

describe('findPostgresError', () => {
  it('finds the error itself, in TypeORM’s error, and in a cause', () => {
    const error = answer('23505');
    expect(findPostgresError(error)).toBe(error);
    expect(findPostgresError(wrapped(error))).toBe(error);
    expect(findPostgresError(new Error('outer', { cause: wrapped(error) }))).toBe(error);
  });

  it('ignores other errors', () => {
    const circle = new Error('circle');
    circle.cause = circle;
    for (const other of [undefined, null, 'text', {}, new Error('no'), system('EPIPE'), circle]) {
      expect(findPostgresError(other)).toBeNull();
    }
  });
});

describe('a violation', () => {
  const taken = wrapped(answer('23505', { constraint: 'accounts_email_key' }));
  const referred = wrapped(answer('23503', { constraint: 'accounts_role_id_fkey' }));

  it('is recognized by its kind, and by its constraint where one is given', () => {
    expect(isUniqueViolation(taken)).toBe(true);
    expect(isUniqueViolation(taken, 'accounts_email_key')).toBe(true);
    expect(isUniqueViolation(taken, 'roles_name_key')).toBe(false);
    expect(isUniqueViolation(referred)).toBe(false);
  });

  it('is not an outage', () => {
    expect(isUnavailable(taken)).toBe(false);
    expect(isUnavailable(referred)).toBe(false);
  });
});

describe('a value that cannot be stored', () => {
  it.each(['22021', '22P02', '22003', '2201W'])('%s', (code) => {
    expect(isBadValue(wrapped(answer(code)))).toBe(true);
    expect(isUnavailable(wrapped(answer(code)))).toBe(false);
  });
});

describe('the database is unavailable', () => {
  it.each([
    '08006',
    '25006',
    '25P03',
    '28P01',
    '3D000',
    '40001',
    '40P01',
    '53300',
    '55P03',
    '57014',
    '57P01',
    '57P03',
    '58030',
  ])('when the server says %s', (code) => {
    expect(isUnavailable(wrapped(answer(code)))).toBe(true);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])(
    'when the system says %s',
    (code) => {
      expect(isUnavailable(system(code))).toBe(true);
    },
  );

  it('when every address of its name refuses', () => {
    const all = Object.assign(new AggregateError([system('ECONNREFUSED')]), { code: 'ECONNREFUSED' });
    expect(isUnavailable(all)).toBe(true);
  });

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated due to connection timeout',
    'Connection terminated unexpectedly',
    'Query read timeout',
  ])('when pg says "%s"', (message) => {
    expect(isUnavailable(wrapped(new Error(message)))).toBe(true);
  });

  it('when TypeORM’s transaction has lost its connection', () => {
    expect(isUnavailable(new QueryRunnerAlreadyReleasedError())).toBe(true);
  });

  it.each([
    ['a certificate that is not accepted', system('SELF_SIGNED_CERT_IN_CHAIN')],
    ['a server without TLS', new Error('The server does not support SSL connections')],
    ['a password that is wrong', answer('28P01')],
  ])('and stays so until somebody mends %s', (_, error) => {
    expect(isUnavailable(wrapped(error))).toBe(true);
    expect(isMisconfigured(new Error('outer', { cause: error }))).toBe(true);
  });

  it('and may recover by itself after a refused connection', () => {
    expect(isMisconfigured(system('ECONNREFUSED'))).toBe(false);
  });

  it('but not when our statement or our code is wrong', () => {
    expect(isUnavailable(wrapped(answer('42601')))).toBe(false);
    expect(isUnavailable(wrapped(answer('23514')))).toBe(false);
    expect(isUnavailable(new TypeError('undefined is not a function'))).toBe(false);
    expect(isUnavailable(Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' }))).toBe(
      false,
    );
    expect(isUnavailable('Connection terminated')).toBe(false);
    expect(isUnavailable(undefined)).toBe(false);
  });
});

import { escapeIdentifier } from 'pg';
import { type CertificateFault, findCertificateFault } from '#libs/core/certificate-fault.js';
import { postgresHostUrls } from '#libs/core/postgres-hosts.js';
import { DatabaseProblem } from './database-problem.js';
import { findPostgresError, isPoolerRefusal, isStatementMode } from './pg-errors.js';

const WITHOUT_VERIFYING = 'sslmode=no-verify encrypts without verifying the server';

/**
 * A sentence on how to correct a failed connection or a refused statement.
 * @param url of the database; the answer contains neither its password nor its host
 * @param setting the name of the URL's setting, for the sentence
 * @returns null where the error itself is the best explanation
 */
export function databaseAdvice(error: unknown, url: string, setting = 'the database URL'): string | null {
  if (error instanceof DatabaseProblem) return error.remedy;
  const parameters = new URLSearchParams(url.split('?')[1] ?? '');
  const fault = findCertificateFault(error);
  if (fault) return certificateAdvice(fault, parameters, setting);
  const state = findPostgresError(error)?.code;
  if (isPoolerRefusal(error)) {
    return parameters.has('options')
      ? `Remove options from ${setting}: PgBouncer refuses them.`
      : `The server is a PgBouncer: set DATABASE_POOLED=true, and DATABASE_DIRECT_URL to the URL of Postgres itself.`;
  }
  if (isStatementMode(error)) return 'Set pool_mode = transaction in the configuration of PgBouncer.';
  // A user without the right to connect. Its message is in the server's language.
  if (state === '42501' && (error as { routine?: string }).routine === 'CheckMyDatabase') {
    return `Allow this user to connect: GRANT CONNECT ON DATABASE ${namesIn(url).replace(' OWNER ', ' TO ')}.`;
  }
  if (state) return refusalAdvice(state, url, parameters, setting);
  const { code = '', path, message } = error as { code?: string; path?: string; message?: string };
  if (message === 'The server does not support SSL connections') {
    return `Enable ssl in the server's configuration, or set sslmode=disable in ${setting} for connections without encryption.`;
  }
  if (message?.startsWith('No primary among')) {
    return `Start or promote one of these servers, or correct the hosts in ${setting}.`;
  }
  const file = ['sslrootcert', 'sslcert', 'sslkey'].find((name) => path && parameters.get(name) === path);
  if (file) return `Set ${file} in ${setting} to a PEM file that this process can read.`;
  if (code.startsWith('ERR_OSSL')) {
    return `Set sslcert and sslkey in ${setting} to PEM files of a certificate and its private key.`;
  }
  if (['ECONNREFUSED', 'ENOTFOUND', 'ENOENT', 'EHOSTUNREACH', 'ETIMEDOUT'].includes(code)) {
    return `Start the database, or correct host and port in ${setting}.`;
  }
  return null;
}

function certificateAdvice(fault: CertificateFault, parameters: URLSearchParams, setting: string): string {
  switch (fault) {
    case 'authority':
      return parameters.has('sslrootcert')
        ? `Set sslrootcert in ${setting} to the CA that issued the server's certificate (PEM); ${WITHOUT_VERIFYING}.`
        : `Add sslrootcert=/path/to/ca.pem, the CA that issued the server's certificate, to ${setting}; ${WITHOUT_VERIFYING}.`;
    case 'name':
      return `Use the host name of the server's certificate in ${setting}; sslmode=verify-ca with sslrootcert does not compare names, and ${WITHOUT_VERIFYING}.`;
    case 'time':
      return `Renew the server's certificate, or correct this machine's clock; ${WITHOUT_VERIFYING}.`;
    case 'other':
      return `Replace the server's certificate; ${WITHOUT_VERIFYING}.`;
  }
}

/** By SQLSTATE, since the language of messages depends on the server. */
function refusalAdvice(
  state: string,
  url: string,
  parameters: URLSearchParams,
  setting: string,
): string | null {
  switch (state) {
    case '28P01':
      return `Correct user and password in ${setting} (or PGPASSWORD).`;
    case '28000':
      return [null, 'disable'].includes(parameters.get('sslmode'))
        ? `Add sslmode=verify-full to ${setting} if the server requires TLS; otherwise allow this user, database and address in its pg_hba.conf.`
        : `Allow this user, database and address in the server's pg_hba.conf; for a client certificate set sslcert and sslkey in ${setting}.`;
    case '3D000':
      return `Correct its name in ${setting}, or create it: CREATE DATABASE ${namesIn(url)} TEMPLATE template0 ENCODING 'UTF8'.`;
    case '42501':
      return 'Run twinkey doctor: it shows the GRANT that is missing.';
    default:
      return null;
  }
}

function namesIn(text: string): string {
  const [first = ''] = postgresHostUrls(text);
  if (!URL.canParse(first)) return '<name> OWNER <user>';
  const { pathname, username } = new URL(first);
  const [database = '', user = ''] = [pathname.slice(1), username].map(decodeURIComponent);
  return `${escapeIdentifier(database)} OWNER ${user ? escapeIdentifier(user) : '<user>'}`;
}

import { escapeIdentifier } from 'pg';
import { type CertificateFault, findCertificateFault } from '#libs/core/certificate-fault.js';
import { DatabaseProblem } from './database-problem.js';
import { findPostgresError } from './pg-errors.js';

const WITHOUT_VERIFYING = 'sslmode=no-verify encrypts without verifying the server';

/**
 * What mends a failed connection or a refused statement, in a sentence.
 * @param url of the database; neither its password nor its host is part of the answer
 * @param setting where that URL is set, for the sentence
 * @returns null where there is nothing better to say than the error itself
 */
export function databaseAdvice(error: unknown, url: string, setting = 'the database URL'): string | null {
  if (error instanceof DatabaseProblem) return error.remedy;
  const parameters = new URLSearchParams(url.split('?')[1] ?? '');
  const fault = findCertificateFault(error);
  if (fault) return certificateAdvice(fault, parameters, setting);
  const state = findPostgresError(error)?.code;
  if (state) return refusalAdvice(state, url, parameters, setting);
  const { code = '', path, message } = error as { code?: string; path?: string; message?: string };
  if (message === 'The server does not support SSL connections') {
    return `Turn ssl on in the server's configuration, or set sslmode=disable in ${setting}: then nothing is encrypted.`;
  }
  const file = ['sslrootcert', 'sslcert', 'sslkey'].find((name) => path && parameters.get(name) === path);
  if (file) return `Let ${file} in ${setting} name a PEM file that this process can read.`;
  if (code.startsWith('ERR_OSSL')) {
    return `Let sslcert and sslkey in ${setting} name a certificate and its own private key, in PEM.`;
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
        ? `Let sslrootcert in ${setting} name the CA that issued the server's certificate (PEM); ${WITHOUT_VERIFYING}.`
        : `Add sslrootcert=/path/to/ca.pem, the CA that issued the server's certificate, to ${setting}; ${WITHOUT_VERIFYING}.`;
    case 'name':
      return `Let ${setting} name the host as the server's certificate does; sslmode=verify-ca with sslrootcert does not compare names, and ${WITHOUT_VERIFYING}.`;
    case 'time':
      return `Renew the server's certificate, or correct this machine's clock; ${WITHOUT_VERIFYING}.`;
    case 'other':
      return `Replace the server's certificate; ${WITHOUT_VERIFYING}.`;
  }
}

/** By SQLSTATE and not by message: the server may speak any language. */
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
        ? `Add sslmode=verify-full to ${setting} if the server demands TLS; else let its pg_hba.conf admit this user, database and address.`
        : `Let the server's pg_hba.conf admit this user, database and address; a client certificate is given by sslcert and sslkey in ${setting}.`;
    case '3D000':
      return `Correct its name in ${setting}, or create it: CREATE DATABASE ${namesIn(url)} TEMPLATE template0 ENCODING 'UTF8'.`;
    case '42501':
      return 'twinkey doctor names the GRANT that its user lacks.';
    default:
      return null;
  }
}

function namesIn(text: string): string {
  if (!URL.canParse(text)) return '<name> OWNER <user>';
  const { pathname, username } = new URL(text);
  const [database = '', user = ''] = [pathname.slice(1), username].map(decodeURIComponent);
  return `${escapeIdentifier(database)} OWNER ${user ? escapeIdentifier(user) : '<user>'}`;
}

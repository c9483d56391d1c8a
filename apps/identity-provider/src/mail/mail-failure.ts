/** Why an attempt failed. */
export interface MailFailure {
  /** `recipient`: refused for good, for this mail alone. `mail`: another try later. `server`: it takes no mail now. */
  concerns: 'recipient' | 'mail' | 'server';
  /** nodemailer's code and the server's, for the log: `EENVELOPE 550`. */
  code: string;
  /** For the outbox: one line, which can contain the recipient's address. */
  summary: string;
}

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
  command?: string;
}

/** nodemailer's codes of failures that the next mail would meet as well. */
const SERVER_CODES = [
  'ECONNECTION',
  'ETIMEDOUT',
  'ESOCKET',
  'EDNS',
  'ETLS',
  'EREQUIRETLS',
  'EPROTOCOL',
  'EAUTH',
  'ENOAUTH',
  'EABORT',
];

/** RFC 5321, section 4.2.1: 5yz is a permanent, 4yz a transient answer. 421 closes the connection. */
export function mailFailureOf(error: unknown): MailFailure {
  const { code, responseCode, command, message } = error as SmtpError;
  return {
    concerns: concernOf({ code, responseCode, command }),
    code: [code ?? 'error', responseCode ?? ''].join(' ').trim(),
    // Servers answer with any text.
    summary: `${code ?? 'error'}: ${message}`.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 300),
  };
}

function concernOf({ code, responseCode = 0, command }: Partial<SmtpError>): MailFailure['concerns'] {
  // A refused sender (`MAIL FROM`) is a setting that someone can correct within the day.
  if (code === 'EENVELOPE' && command === 'RCPT TO' && responseCode >= 500) return 'recipient';
  return responseCode === 421 || SERVER_CODES.includes(code ?? '') ? 'server' : 'mail';
}

const FIRST_DELAY_SECONDS = 30;
/** After a failure of the server, a mail is tried again soon: the failure was not its own. */
const MAX_DELAY_SECONDS = { server: 300, mail: 3_600 };

/** The pause before the next attempt, doubled each time, with a random tenth less. @param attempts that were made */
export function retryDelay(attempts: number, concerns: 'mail' | 'server'): number {
  const delay = Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(attempts - 1, 20), MAX_DELAY_SECONDS[concerns]);
  return delay * (1 - Math.random() / 10);
}

import type { MailSettings } from './settings.js';
import type { SettingsReader } from './settings-reader.js';

/** In production the sender is required if mails are sent. */
export function mailSettings(reader: SettingsReader): MailSettings | undefined {
  const server = reader.optional('SMTP_URL');
  const from = server ? reader.required('MAIL_FROM') : reader.optional('MAIL_FROM');
  const templates = reader.optional('MAIL_TEMPLATES');
  if (server === undefined || from === undefined || templates === undefined) return undefined;
  return { server, from, templates };
}

/**
 * For settings that make no sense without mail: records a problem if the environment is production and `SMTP_URL` is unset.
 * @param variable the setting that needs mail, with its value: `REGISTRATION=open`
 */
export function requireMail(reader: SettingsReader, variable: string): void {
  if (reader.environment === 'production' && reader.optional('SMTP_URL') === null) {
    reader.refuse('SMTP_URL', `is missing: ${variable} sends mails`);
  }
}

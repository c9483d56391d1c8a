import { createTransport } from 'nodemailer';
import { mailFailureOf } from '#apps/identity-provider/src/mail/mail-failure.js';
import { smtpOptions } from '#apps/identity-provider/src/mail/smtp-transport.js';
import { mailSettings } from '#libs/config/mail.settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { SettingsReader } from '#libs/config/settings-reader.js';
import { broken, type CheckContext, type DoctorCheck, ok, skipped } from './check.js';

const NAME = 'mail.server';

/** Checks that the mail server answers, with TLS and sign-in as the settings say. Sends nothing. */
export async function checkMail({ apps, env }: CheckContext): Promise<DoctorCheck[]> {
  if (apps === 'user-service') return [];
  const reader = new SettingsReader(env);
  try {
    const { server } = reader.finish(mailSettings(reader));
    if (server) return [await checkServer(server)];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return [skipped(NAME, 'Correct the settings of mail first.')];
  }
  return [
    skipped(
      NAME,
      reader.environment === 'production'
        ? 'SMTP_URL is not set: mails wait in the outbox and are given up after a day.'
        : 'SMTP_URL is not set: mails are printed to the log.',
    ),
  ];
}

type Server = Parameters<typeof smtpOptions>[0];

async function checkServer(server: Server): Promise<DoctorCheck> {
  const address = `${server.host}:${server.port}`;
  const transport = createTransport(smtpOptions(server));
  try {
    await transport.verify();
    const signedIn = server.credentials ? ', and accepts user and password' : '';
    return ok(NAME, `${address} answers${signedIn}.`);
  } catch (error) {
    const { summary } = mailFailureOf(error);
    return broken(NAME, `${address} cannot be used: ${summary}.`, remedyFor(error as { code?: string }));
  } finally {
    transport.close();
  }
}

function remedyFor({ code }: { code?: string }): string {
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return 'Correct user and password in SMTP_URL; special characters must be percent-encoded.';
    case 'ETLS':
      return 'Use the host name of the certificate, trust its issuer with NODE_EXTRA_CA_CERTS, or end SMTP_URL with ?tls=off for a server on a private network.';
    default:
      return 'Correct host and port in SMTP_URL (smtp:// for port 587 or 25, smtps:// for 465), and check the firewall.';
  }
}

import type { AccountTexts } from './texts.js';

export const de: AccountTexts = {
  links: {
    signUp: 'Konto anlegen',
    forgot: 'Passwort vergessen?',
    signIn: 'Zurück zur Anmeldung',
    account: 'Ihr Konto',
  },
  fields: {
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    newPassword: 'Neues Passwort',
    passwordHint: 'Mindestens 8 Zeichen. Kein häufiges Passwort, und nicht der Teil vor dem @.',
  },
  signUp: {
    title: 'Konto anlegen',
    lead: 'Sie bekommen eine E-Mail mit einem Link, der Ihre Adresse bestätigt.',
    submit: 'Konto anlegen',
    terms: 'Mit dem Anlegen des Kontos stimmen Sie den {terms} zu.',
    termsLink: 'Nutzungsbedingungen',
    sentTitle: 'Sehen Sie in Ihr Postfach',
    sent: 'Eine E-Mail an {email} ist unterwegs. Öffnen Sie den Link darin. Wenn nach einigen Minuten nichts ankommt, sehen Sie im Spam-Ordner nach.',
    closedTitle: 'Keine Registrierung',
    closed: 'Bitten Sie einen Administrator um ein Konto.',
  },
  forgot: {
    title: 'Passwort vergessen?',
    lead: 'Geben Sie Ihre E-Mail-Adresse ein. Sie bekommen einen Link, mit dem Sie ein neues Passwort wählen.',
    submit: 'Link senden',
    sentTitle: 'Sehen Sie in Ihr Postfach',
    sent: 'Wenn es ein Konto mit der Adresse {email} gibt, ist eine E-Mail mit einem Link unterwegs. Der Link gilt eine Stunde.',
  },
  reset: {
    title: 'Neues Passwort wählen',
    invitationTitle: 'Passwort wählen',
    lead: 'Für das Konto {email}.',
    submit: 'Passwort speichern',
    doneTitle: 'Passwort gespeichert',
    done: 'Sie können sich jetzt mit dem neuen Passwort anmelden. Alle früheren Anmeldungen sind beendet.',
  },
  verify: {
    title: 'Adresse bestätigen',
    lead: 'Bestätigen Sie, dass {email} Ihre Adresse ist.',
    submit: 'Bestätigen',
    doneTitle: 'Adresse bestätigt',
    done: 'Sie können diese Seite schließen oder sich anmelden.',
  },
  undo: {
    title: 'Änderung Ihrer E-Mail-Adresse rückgängig machen?',
    lead: 'Ihr Konto bekommt die Adresse {email} zurück. Alle Anmeldungen enden, und das Passwort wird entfernt. Sie bekommen eine E-Mail, um ein neues zu wählen.',
    submit: 'Rückgängig machen',
    doneTitle: 'Änderung rückgängig gemacht',
    done: 'Eine E-Mail an Ihre alte Adresse ist unterwegs. Mit ihrem Link wählen Sie ein neues Passwort.',
  },
  expired: {
    title: 'Dieser Link gilt nicht mehr',
    lead: 'Er wurde schon benutzt, ist zu alt oder wurde durch einen neueren ersetzt. Fordern Sie einen neuen an.',
  },
  problems: {
    required: 'Füllen Sie dieses Feld aus.',
    invalid_email: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel ada@example.com.',
    invalid_characters: 'Hier stehen Zeichen, die nicht erlaubt sind.',
    email_domain_not_allowed: 'Adressen dieser Domain können hier nicht verwendet werden.',
    email_taken: 'Ein anderes Konto hat jetzt diese Adresse.',
    too_short: 'Verwenden Sie mindestens 8 Zeichen.',
    too_long: 'Das ist zu lang. Ein Passwort hat höchstens 72 Bytes.',
    common_password: 'Viele Menschen verwenden dieses Passwort. Wählen Sie ein anderes.',
    breached_password: 'Dieses Passwort steht in einer Liste gestohlener Passwörter. Wählen Sie ein anderes.',
    matches_email: 'Verwenden Sie nicht den Teil Ihrer E-Mail-Adresse vor dem @ als Passwort.',
    unverified:
      'Bestätigen Sie zuerst Ihre E-Mail-Adresse: Öffnen Sie den Link in der E-Mail, die Sie bekommen haben.',
  },
};

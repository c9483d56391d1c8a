import { expect, it } from 'vitest';
import { InvalidValue } from '../settings-error.js';
import { isMailAddress, mailbox, smtpUrl } from './mail.js';

it('reads host, port, TLS and percent-encoded credentials of an SMTP URL', () => {
  expect(smtpUrl('smtps://a%40b:p%25w@mail.example.com', 'production')).toEqual({
    host: 'mail.example.com',
    port: 465,
    tls: 'implicit',
    credentials: { user: 'a@b', password: 'p%w' },
  });
  expect(smtpUrl('smtp://[::1]:1025', 'development')).toEqual({
    host: '::1',
    port: 1025,
    tls: 'optional',
    credentials: null,
  });
});

it('requires STARTTLS in production, unless the URL says otherwise or the server is on this machine', () => {
  const tlsOf = (url: string) => smtpUrl(url, 'production').tls;
  expect(tlsOf('smtp://mail.example.com')).toBe('required');
  expect(tlsOf('smtp://mail.example.com?tls=off')).toBe('off');
  expect(tlsOf('smtp://mail.example.com/?tls=optional')).toBe('optional');
  expect(tlsOf('smtp://localhost:25')).toBe('optional');
  expect(smtpUrl('smtp://mail.example.com?tls=required', 'development').tls).toBe('required');
});

it.each([
  'mail.example.com',
  'http://mail.example.com',
  'smtp://',
  'smtp://user:p@ss@host',
  'smtp://user:p%zz@host',
  'smtp://host/path',
  'smtp://host?proxy=http://evil.example',
  'smtps://host?tls=off',
])('refuses %s as an SMTP URL', (text) => {
  expect(() => smtpUrl(text, 'development')).toThrow(InvalidValue);
});

it('reads a sender with and without a name', () => {
  expect(mailbox('Ex Ample <a@example.com>')).toEqual({ name: 'Ex Ample', address: 'a@example.com' });
  expect(mailbox('"Ex, Ample" <a@example.com>')).toEqual({ name: 'Ex, Ample', address: 'a@example.com' });
  expect(mailbox('a@example.com')).toEqual({ name: '', address: 'a@example.com' });
});

it.each(['', 'a', 'a@', '<a@b>, c@d', 'A\r\nBcc: x <a@b>', 'a@b, c@d'])('refuses %j as a sender', (text) => {
  expect(() => mailbox(text)).toThrow(InvalidValue);
});

it.each(['a@b\r\nBcc: c@d', 'a@b, c@d', 'a@b>', 'a b@c', 'a@b@c', '@b', 'a@'])(
  'does not take %j for one address',
  (text) => {
    expect(isMailAddress(text)).toBe(false);
  },
);

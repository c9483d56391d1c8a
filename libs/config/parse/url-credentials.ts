import { InvalidValue } from '../settings-error.js';

/** The error of a URL whose user or password is not percent-encoded. It shows nothing of the URL. */
export const unescaped = (): InvalidValue =>
  new InvalidValue(
    'has unescaped special characters: in user and password they must be percent-encoded ("@" as %40, "/" as %2F, "?" as %3F, "#" as %23, "%" as %25, a space as %20)',
  );

/**
 * What follows user, password, host and port. An unescaped "/", "?" or "#" in the password ends that part: the "@" is then in
 * the rest.
 */
export const afterAuthority = (text: string): string => /^\w+:\/\/[^/?#]*(.*)$/s.exec(text)?.[1] ?? '';

/** The password of a URL; as it stands there if it is not percent-encoded. */
export const decodedPassword = ({ password }: URL): string =>
  isEncoded(password) ? decodeURIComponent(password) : password;

export function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

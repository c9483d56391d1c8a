import type { FastifyRequest } from 'fastify';
import { TRUST_SECONDS } from '../../factors/trusted-browsers.js';
import type { IssuerAddress } from '../provider/issuer-address.js';

const nameFor = ({ isHttps }: IssuerAddress): string =>
  isHttps ? '__Host-twinkey-trusted' : 'twinkey-trusted';

/** @returns undefined without the cookie */
export function trustCookieOf(request: FastifyRequest, address: IssuerAddress): string | undefined {
  const prefix = `${nameFor(address)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
}

/** A `Set-Cookie` header. */
export const trustCookie = (value: string, address: IssuerAddress): string =>
  `${nameFor(address)}=${value}; Path=/; Max-Age=${TRUST_SECONDS}; HttpOnly; SameSite=Lax${address.isHttps ? '; Secure' : ''}`;

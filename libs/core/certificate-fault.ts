/**
 * Why a server's certificate is refused: nobody here trusts who issued it, it names another host, it is not valid at
 * this time, or something else.
 */
export type CertificateFault = 'authority' | 'name' | 'time' | 'other';

/** What Node says of a certificate (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const FAULTS: Record<string, CertificateFault> = {
  // Two authorities of one name.
  CERT_SIGNATURE_FAILURE: 'authority',
  CERT_UNTRUSTED: 'authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'authority',
  UNABLE_TO_GET_ISSUER_CERT: 'authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name',
  HOSTNAME_MISMATCH: 'name',
  CERT_HAS_EXPIRED: 'time',
  CERT_NOT_YET_VALID: 'time',
  CERT_CHAIN_TOO_LONG: 'other',
  CERT_REJECTED: 'other',
  CERT_REVOKED: 'other',
  INVALID_CA: 'other',
  INVALID_PURPOSE: 'other',
  PATH_LENGTH_EXCEEDED: 'other',
};

/** @returns null where the error is about something else than the server's certificate */
export function findCertificateFault(error: unknown): CertificateFault | null {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return FAULTS[String(code)] ?? null;
}

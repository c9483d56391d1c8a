/** Why a server's certificate is refused: untrusted issuer, wrong host name, expired or not yet valid, or another reason. */
export type CertificateFault = 'authority' | 'name' | 'time' | 'other';

/** Node's certificate error codes (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const FAULTS: Record<string, CertificateFault> = {
  // The issuer has the name of a trusted authority, but another key.
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

/** @returns null if the error is not about the server's certificate */
export function findCertificateFault(error: unknown): CertificateFault | null {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return FAULTS[String(code)] ?? null;
}

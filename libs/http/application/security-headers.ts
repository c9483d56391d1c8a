/** Headers of every response. The documentation pages have their own Content-Security-Policy. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

/** RFC 6797: sent only over TLS, which a trusted proxy may terminate. */
export const STRICT_TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains';

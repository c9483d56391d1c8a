/** On every answer; the documentation pages bring a Content-Security-Policy of their own. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

/** RFC 6797: sent only over TLS, which a trusted proxy may have ended. */
export const STRICT_TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains';

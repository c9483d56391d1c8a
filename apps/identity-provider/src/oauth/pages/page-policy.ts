import { createHash } from 'node:crypto';

const policyOf = (directives: Record<string, string>): string =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

const COMMON = {
  'default-src': "'none'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'frame-ancestors': "'none'",
  'base-uri': "'none'",
};

/** The Content-Security-Policy of Twinkey's pages without scripts: and forms only to Twinkey. */
export const PAGE_POLICY = policyOf({ ...COMMON, 'form-action': "'self'" });

/** The same, for pages that work with passkeys. */
export const SCRIPT_PAGE_POLICY = policyOf({
  ...COMMON,
  'form-action': "'self'",
  'script-src': "'self'",
  'connect-src': "'self'",
});

/** The same, for a page with one script. */
export const pagePolicyWith = (script: string): string =>
  policyOf({
    ...COMMON,
    'form-action': "'self'",
    'script-src': `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  });

/**
 * For oidc-provider's own pages, which post a form to a client or to Twinkey by themselves. It adds the hash of its script
 * where there is a `script-src`.
 */
export const PROVIDER_POLICY = policyOf({ ...COMMON, 'script-src': "'self'" });

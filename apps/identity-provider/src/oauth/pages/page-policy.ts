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

const only = (script: string): string => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** The same, for a page with one script. */
export const pagePolicyWith = (script: string): string =>
  policyOf({ ...COMMON, 'form-action': "'self'", 'script-src': only(script) });

/** For a page whose script posts a form to Twinkey or to a client, which can lead anywhere. */
export const submittingPolicy = (script: string): string =>
  policyOf({ ...COMMON, 'script-src': only(script) });

/** For oidc-provider's answers, before a page sets its own policy. */
export const PROVIDER_POLICY = policyOf(COMMON);

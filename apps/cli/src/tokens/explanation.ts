import { issuerSettings } from '#libs/config/command.settings.js';
import type { Environment } from '#libs/config/environment.js';
import { keycloakIssuer } from '#libs/verify/src/issuers/keycloak-issuer.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import { decodeToken, type JsonObject } from '#libs/verify/src/token/compact-token.js';
import { printable } from '#libs/verify/src/token-error.js';
import { type ExplainedRule, explainRules } from './token-rules.js';
import { verdictOn } from './token-verdict.js';

/** What a verifier with these settings does with a token. Contains no part of the token that can be used. */
export interface Explanation {
  accepted: boolean;
  /** The verifier's reason, as in the log; `keys_unavailable` where the answer would be 503. Null if it is accepted. */
  reason: string | null;
  /** What the token says. Times are ISO 8601; null where the token has none. */
  token: TokenFacts;
  rules: ExplainedRule[];
}

interface TokenFacts {
  /** `native` or `keycloak`; null for an unknown issuer. */
  issuer: string | null;
  iss: string | null;
  key: string | null;
  sub: string | null;
  sid: string | null;
  issued_at: string | null;
  not_before: string | null;
  expires_at: string | null;
}

/** @throws SettingsError if the settings name no issuer */
export async function explainToken(raw: string, env: Environment): Promise<Explanation> {
  const { native, keycloak } = issuerSettings(env);
  const issuers = new TrustedIssuers([nativeIssuer(native), ...(keycloak ? [keycloakIssuer(keycloak)] : [])]);
  const now = Date.now() / 1_000;
  try {
    const verdict = await verdictOn(raw, issuers, now);
    const decoded = decodeLeniently(raw);
    const issuer = decoded && issuers.find(decoded.claims.iss)?.issuer;
    return {
      accepted: verdict.reason === null,
      reason: verdict.reason,
      token: factsOf(decoded, issuer?.id ?? null),
      rules: explainRules({ ...verdict, decoded, issuer: issuer ?? null, now, length: raw.length }),
    };
  } finally {
    issuers.close();
  }
}

/** null if it is not a JWT. */
function decodeLeniently(raw: string): { header: JsonObject; claims: JsonObject } | null {
  try {
    return decodeToken(raw);
  } catch {
    return null;
  }
}

function factsOf(
  decoded: { header: JsonObject; claims: JsonObject } | null,
  issuer: string | null,
): TokenFacts {
  const text = (value: unknown) => (value === undefined ? null : printable(value));
  const { iss, sub, sid, iat, nbf, exp } = decoded?.claims ?? {};
  return {
    issuer,
    iss: text(iss),
    key: text(decoded?.header.kid),
    sub: text(sub),
    sid: text(sid),
    issued_at: isoTime(iat),
    not_before: isoTime(nbf),
    expires_at: isoTime(exp),
  };
}

function isoTime(seconds: unknown): string | null {
  const time = new Date(typeof seconds === 'number' ? seconds * 1_000 : Number.NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

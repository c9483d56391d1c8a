import type { Provider as OidcProvider } from 'oidc-provider';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { matchesSecret, type TwinkeyMetadata } from '../clients/client-metadata.js';
import { errors } from '../oidc.js';
import type { SignIns } from '../sign-ins.js';
import { withOauthErrors } from '../state/oauth-errors.js';
import { currentAudit, requestedGrantType } from './current-request.js';

export interface ModelExtensions {
  signIns: SignIns;
  /** Counts a wrong client secret. @throws ApiError 429 after too many */
  countWrongSecret(clientId: string, audit: RequestAudit): Promise<void>;
}

/**
 * Changes what oidc-provider has no setting for, on the models of one provider. The tests of `test/oauth` fail where one of
 * its internals changes; that is why its version is exact.
 */
export function extendModels(provider: OidcProvider, { signIns, countWrongSecret }: ModelExtensions): void {
  // Every token has `sid`, the session of contract section 9.
  provider.Client.prototype.includeSid = () => true;

  // Only digests of secrets are stored.
  provider.Client.prototype.compareClientSecret = function compare(actual) {
    return withOauthErrors(async () => {
      const { twinkey, clientId } = this as unknown as { twinkey: TwinkeyMetadata; clientId: string };
      if (matchesSecret(twinkey, actual, Date.now())) return true;
      await countWrongSecret(clientId, currentAudit());
      return false;
    });
  };

  // oidc-provider answers `invalid_request` (RFC 6749, sections 4.4 and 5.2).
  const { grantTypeAllowed } = provider.Client.prototype;
  provider.Client.prototype.grantTypeAllowed = function isAllowed(type) {
    if (grantTypeAllowed.call(this, type)) return true;
    if (type !== requestedGrantType()) return false;
    if (type === 'client_credentials' && this.clientAuthMethod === 'none')
      throw new errors.InvalidClientAuth('a public client has no credentials');
    throw new errors.UnauthorizedClient('the client may not use this grant type');
  };

  // Signing out ends the session of the browser's sign-in, and with it all clients' sessions.
  const destroySession = provider.Session.prototype.destroy;
  provider.Session.prototype.destroy = async function destroy() {
    await destroySession.call(this);
    if (this.accountId !== undefined)
      await withOauthErrors(() => signIns.end(this.uid, { audit: currentAudit(), reason: 'logout' }));
  };

  // A form that is posted without a session would be a 500: oidc-provider changes the session, which was never stored.
  const { persist } = provider.Session.prototype;
  provider.Session.prototype.persist = async function persistIfStored() {
    return typeof this.exp === 'number' ? persist.call(this) : '';
  };

  addAccessTokenHash(provider);
}

/** `at_hash` (OpenID Connect Core 1.0, section 3.1.3.6), which oidc-provider leaves out of the code flow. */
function addAccessTokenHash(provider: OidcProvider): void {
  const values = new WeakMap<object, string>();
  const save = provider.AccessToken.prototype.save;
  provider.AccessToken.prototype.save = async function saveAndRemember() {
    const value = await save.call(this);
    values.set(this, value);
    return value;
  };
  const issue = provider.IdToken.prototype.issue;
  provider.IdToken.prototype.issue = function issueWithHash(options) {
    const token = options.use === 'idtoken' ? this.ctx?.oidc.entities.AccessToken : undefined;
    const value = token && values.get(token);
    if (value !== undefined) this.set('at_hash', value);
    return issue.call(this, options);
  };
}

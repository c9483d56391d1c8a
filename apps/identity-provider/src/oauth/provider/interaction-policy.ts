import { needsTwoFactors, TWO_FACTORS } from '../../sessions/authentication-methods.js';
import { interactionPolicy } from '../oidc.js';

/** When a page is shown: oidc-provider's rules, with three changes. */
export function pagePolicy() {
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  // RFC 8252 lets native clients use any loopback port; that alone is no reason to ask for consent each time.
  policy.get('consent')?.checks.remove('native_client_prompt');
  // OpenID Connect leaves to the provider what it does for `acr_values`: here they are always met.
  policy
    .get('login')
    ?.checks.add(
      new Check('acr_values', 'a second factor is required', 'login_required', ({ oidc }) =>
        oidc.session?.accountId !== undefined &&
        needsTwoFactors(oidc.params?.['acr_values']) &&
        oidc.acr !== TWO_FACTORS
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
      ),
    );
  policy
    .get('login')
    ?.checks.add(
      new Check('account_ended', 'the account is no longer active', 'login_required', ({ oidc }) =>
        oidc.session?.accountId !== undefined && !oidc.account
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}

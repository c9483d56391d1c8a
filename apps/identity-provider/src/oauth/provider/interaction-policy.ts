import { interactionPolicy } from '../oidc.js';

/** When a page is shown: oidc-provider's rules, with two changes. */
export function pagePolicy() {
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  // RFC 8252 lets native clients use any loopback port; that alone is no reason to ask for consent each time.
  policy.get('consent')?.checks.remove('native_client_prompt');
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

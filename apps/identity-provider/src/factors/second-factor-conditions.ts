/** SQL of `factors f`: whether it is one that a sign-in asks for. Recovery codes alone are none. */
export const IS_SECOND_FACTOR = `f.kind <> 'recovery_codes' AND f.confirmed_at IS NOT NULL`;

/** SQL: whether the account `a` has a second factor. */
export const HAS_SECOND_FACTOR = `EXISTS (
  SELECT FROM identity.factors f WHERE f.account_id = a.id AND ${IS_SECOND_FACTOR})`;

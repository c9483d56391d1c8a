/** Injects the `IdentityProviderSettings`, frozen. */
export const SETTINGS = Symbol('identity-provider settings');

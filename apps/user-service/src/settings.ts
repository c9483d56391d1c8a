/** Injects the `UserServiceSettings`, frozen. */
export const SETTINGS = Symbol('user-service settings');

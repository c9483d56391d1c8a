/** The browser has no sign-in in progress at this address: it expired, ended, or belongs to another browser. */
export class InteractionPageError extends Error {
  override readonly name = 'InteractionPageError';

  constructor() {
    super('This page has expired.');
  }
}

import type { Page } from 'playwright-core';

/** Chromium's own authenticator, whose user is always verified. */
export interface VirtualAuthenticator {
  /** Whether its user is there, and agrees to everything by themselves. */
  setPresence(isPresent: boolean): Promise<void>;
}

/** Gives a page an authenticator whose user is present. */
export async function addVirtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    setPresence: async (enabled) => {
      await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
  };
}

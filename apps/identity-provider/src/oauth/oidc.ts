import type * as Oidc from 'oidc-provider';

/**
 * oidc-provider prints a warning at its import on Node 20, where it is tested and works (`docs/decisions/openid-provider.md`).
 * Import its values from here, and its types from the package.
 */
const { Provider, errors, interactionPolicy, ExternalSigningKey } = await importQuietly();

export { ExternalSigningKey, errors, interactionPolicy, Provider };

async function importQuietly(): Promise<typeof Oidc> {
  const output = globalThis.console;
  const { warn } = output;
  output.warn = (...texts: unknown[]) => {
    if (!String(texts[0]).includes('Unsupported runtime')) warn(...texts);
  };
  try {
    return await import('oidc-provider');
  } finally {
    output.warn = warn;
  }
}

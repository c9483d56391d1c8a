import { createPublicKey, type KeyObject } from 'node:crypto';
import jwksRsa from 'jwks-rsa';
import { isObject, type JsonObject } from '../token/compact-token.js';
import { isStrong } from './strong-key.js';

/** One usable key of a set. The PEM shows whether a later set has the same key. */
export interface PublishedKey {
  readonly pem: string;
  readonly key: KeyObject;
}

export type KeySet = ReadonlyMap<string, PublishedKey>;

/** The issuer's answer is not a valid key set. */
export class KeySetRefused extends Error {
  override readonly name = 'KeySetRefused';
}

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 1_000_000;
const MAX_KEYS = 50;

/**
 * Fetches an issuer's keys (RFC 7517) within two seconds. jwks-rsa parses them; its cache is not used.
 * @param known the keys of the last set: a key that is in both stays the same object
 * @throws KeySetRefused where the answer is not a valid set
 */
export async function fetchKeySet(url: string, known: KeySet): Promise<KeySet> {
  const client = jwksRsa({ jwksUri: url, cache: false, rateLimit: false, fetcher: fetchValidKeys });
  // jwks-rsa leaves out keys that it cannot parse, private keys and encryption keys, and throws where none is left.
  const published = await client.getSigningKeys().catch((error: Error) => {
    throw error.name === 'JwksError' ? new KeySetRefused(error.message) : error;
  });
  const keys = new Map<string, PublishedKey>();
  for (const { kid, getPublicKey } of published) {
    const pem = getPublicKey();
    const before = known.get(kid);
    const key = before?.pem === pem ? before.key : createPublicKey(pem);
    if (isStrong(key)) keys.set(kid, { pem, key });
  }
  if (keys.size === 0) throw new KeySetRefused('no usable key');
  return keys;
}

/** For jwks-rsa's `fetcher`: returns the keys that can verify RS256 tokens. */
async function fetchValidKeys(url: string): Promise<{ keys: JsonObject[] }> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  return { keys: validKeys(parse(await readCapped(response))) };
}

async function readCapped(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new KeySetRefused(`over ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeySetRefused('not JSON');
  }
}

/** @throws KeySetRefused where the set as a whole is not valid; a single unusable key is left out */
function validKeys(set: unknown): JsonObject[] {
  const keys = isObject(set) ? set.keys : undefined;
  if (!Array.isArray(keys)) throw new KeySetRefused('not a key set');
  if (keys.length > MAX_KEYS) throw new KeySetRefused(`over ${MAX_KEYS} keys`);
  const named = keys.filter((key) => isObject(key) && typeof key.kid === 'string' && key.kid !== '');
  if (new Set(named.map((key) => key.kid)).size !== named.length) throw new KeySetRefused('a repeated kid');
  return named.filter(isForRs256);
}

/** RFC 7517, section 4: `use` and `alg` are optional. */
const isForRs256 = ({ kty, use = 'sig', alg = 'RS256' }: JsonObject): boolean =>
  kty === 'RSA' && use === 'sig' && alg === 'RS256';

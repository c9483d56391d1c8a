import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { parse } from 'dotenv';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isPair, thumbprintOf } from '#libs/config/keys.js';
import { CliCheckout, ONE_LINE } from './cli-checkout.js';

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

const envFile = () => checkout.path('.env');
const readEnv = async () => parse(await readFile(envFile(), 'utf8'));
const decode = (base64 = '') => Buffer.from(base64, 'base64').toString();

describe('keys generate', () => {
  beforeEach(() => rm(envFile(), { force: true }));

  it('prints lines for .env: a key pair of 3072 bits whose kid is the thumbprint', async () => {
    const { code, stdout, stderr } = await checkout.twinkey(['keys', 'generate']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^JWT_KID=\S+\nJWT_PRIVATE_KEY=\S+\nJWT_PUBLIC_KEY=\S+\n$/);
    const { JWT_KID, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY } = parse(stdout);
    const publicKey = createPublicKey(decode(JWT_PUBLIC_KEY));
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(isPair(createPrivateKey(decode(JWT_PRIVATE_KEY)), publicKey)).toBe(true);
    expect(JWT_KID).toBe(thumbprintOf(decode(JWT_PUBLIC_KEY)));
  });

  it('adds them to .env, which only its owner can read', async () => {
    await writeFile(envFile(), '# mine\nPORT=9001\nJWT_KID=\n', { mode: 0o644 });
    const { code, stdout, stderr } = await checkout.twinkey(['keys', 'generate', '--write']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const written = await readEnv();
    expect(written).toEqual({
      PORT: '9001',
      JWT_KID: thumbprintOf(decode(written['JWT_PUBLIC_KEY'])),
      JWT_PRIVATE_KEY: expect.any(String),
      JWT_PUBLIC_KEY: expect.any(String),
    });
    expect(stdout).toContain(written['JWT_KID']);
    expect(stdout).not.toContain(written['JWT_PRIVATE_KEY']);
    expect((await stat(envFile())).mode & 0o777).toBe(0o600);
  });

  it('replaces a pair only with --force', async () => {
    await checkout.twinkey(['keys', 'generate', '--write']);
    const first = await readEnv();
    const refused = await checkout.twinkey(['keys', 'generate', '--write']);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(ONE_LINE) });
    expect(refused.stderr).toContain('--force');
    expect(await readEnv()).toEqual(first);

    expect(await checkout.twinkey(['keys', 'generate', '--write', '--force'])).toMatchObject({ code: 0 });
    expect((await readEnv())['JWT_KID']).not.toBe(first['JWT_KID']);
  });
});

describe('keys rotate', () => {
  beforeEach(async () => {
    await rm(envFile(), { force: true });
    await rm(checkout.path('.twinkey'), { recursive: true, force: true });
  });

  it('needs keys in a file', async () => {
    expect(await checkout.twinkey(['keys', 'rotate'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There are no keys to rotate yet/),
    });
    const production = await checkout.twinkey(['keys', 'rotate'], { ENVIRONMENT: 'production' });
    expect(production.stderr).toMatch(/^JWT_PUBLIC_KEY is missing/m);
  });

  it('refuses if environment variables override the file', async () => {
    const keys = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
    const { code, stderr } = await checkout.twinkey(['keys', 'rotate'], keys);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^JWT_KID comes from the real environment/);
  });

  it('publishes the next public key, and stores its private key in a separate file', async () => {
    await checkout.twinkey(['keys', 'generate', '--write']);
    const before = await readEnv();
    expect(await checkout.twinkey(['keys', 'rotate'])).toMatchObject({ code: 0, stderr: '' });
    const { JWT_ADDITIONAL_PUBLIC_KEYS = '', ...kept } = await readEnv();
    expect(kept).toEqual(before);
    const next = checkout.path('.twinkey/next-key.env');
    const pair = parse(await readFile(next, 'utf8'));
    expect(JWT_ADDITIONAL_PUBLIC_KEYS).toBe(`${pair['JWT_KID']}:${pair['JWT_PUBLIC_KEY']}`);
    expect((await stat(next)).mode & 0o777).toBe(0o600);

    // Repeated calls continue the same rotation, also after an interruption.
    await writeFile(
      envFile(),
      Object.entries(before)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      {
        mode: 0o600,
      },
    );
    await checkout.twinkey(['keys', 'rotate']);
    await checkout.twinkey(['keys', 'rotate']);
    expect((await readEnv())['JWT_ADDITIONAL_PUBLIC_KEYS']).toBe(JWT_ADDITIONAL_PUBLIC_KEYS);

    await chmod(next, 0o644);
    const { code, stderr } = await checkout.twinkey(['keys', 'rotate', '--activate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/can be read by others/);
  });

  it('does not activate a key that was not announced', async () => {
    await checkout.twinkey(['keys', 'generate', '--write']);
    expect(await checkout.twinkey(['keys', 'rotate', '--activate'])).toMatchObject({
      code: 1,
      stderr: 'There is no next key yet: run twinkey keys rotate first.\n',
    });
  });

  it('does not activate a key while identity-provider does not answer', async () => {
    await checkout.twinkey(['keys', 'generate', '--write']);
    await checkout.twinkey(['keys', 'rotate']);
    const before = await readEnv();
    const { code, stderr } = await checkout.twinkey(['keys', 'rotate', '--activate'], {
      IDENTITY_PROVIDER_URL: 'http://127.0.0.1:1',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('http://127.0.0.1:1');
    expect(await readEnv()).toEqual(before);
  });
});

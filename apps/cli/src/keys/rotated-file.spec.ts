import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnvironment } from '#libs/config/environment.js';
import { base64, rsaPems } from '../../../../test/support/settings-fixtures.js';
import { RotatedFile } from './rotated-file.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'twinkey-rotated-file-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('keeps publishing the old key, whatever spelling it had', () => {
  const [old, next] = [rsaPems(), rsaPems()];
  writeFileSync(
    join(root, '.env'),
    `JWT_PRIVATE_KEY="${old.privateKey}"\nJWT_PUBLIC_KEY="${old.publicKey}"\n`,
  );
  const find = () => RotatedFile.find(root, readEnvironment(root, { ENVIRONMENT: 'production' }));
  const before = find();
  before.activate({
    JWT_KID: 'next',
    JWT_PRIVATE_KEY: base64(next.privateKey),
    JWT_PUBLIC_KEY: base64(next.publicKey),
  });
  const after = find();
  expect(after.kid).toBe('next');
  expect(after.settings.additionalKeys.map(({ kid, pem }) => [kid, pem])).toEqual([
    [before.kid, old.publicKey],
  ]);
});

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readKeyFile, updateEnvText, writePrivateFile } from '#libs/config/env-file.js';
import { generateKeyPair, type PublicJwk, parsePublicKey, toPublicJwk } from '#libs/config/keys.js';
import { asVariables } from './key-file.js';

const PUBLISHED_SINCE = 'PUBLISHED_SINCE';

/** The pair that a rotation has published but not yet activated, in a file of mode 0600. */
export class NextKey {
  private constructor(
    private readonly path: string,
    private readonly values: Record<string, string>,
  ) {}

  private static pathIn = (root: string) => join(root, '.twinkey', 'next-key.env');

  static find(root: string): NextKey | null {
    const path = NextKey.pathIn(root);
    return existsSync(path) ? new NextKey(path, readKeyFile(path)) : null;
  }

  static async make(root: string): Promise<NextKey> {
    const next = new NextKey(NextKey.pathIn(root), asVariables(await generateKeyPair()));
    mkdirSync(dirname(next.path), { recursive: true });
    next.save();
    return next;
  }

  get variables() {
    const { JWT_KID = '', JWT_PRIVATE_KEY = '', JWT_PUBLIC_KEY = '' } = this.values;
    return { JWT_KID, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY };
  }

  get kid(): string {
    return this.variables.JWT_KID;
  }

  get jwk(): PublicJwk {
    return toPublicJwk(this.kid, parsePublicKey(this.variables.JWT_PUBLIC_KEY).pem);
  }

  /** The time when the key was first found in the live JWKS, in milliseconds since the epoch; null if it was not. */
  get publishedSince(): number | null {
    const since = Date.parse(this.values[PUBLISHED_SINCE] ?? '');
    return Number.isNaN(since) ? null : since;
  }

  set publishedSince(since: number | null) {
    this.values[PUBLISHED_SINCE] = since === null ? '' : new Date(since).toISOString();
    this.save();
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  private save(): void {
    writePrivateFile(this.path, updateEnvText('', this.values));
  }
}

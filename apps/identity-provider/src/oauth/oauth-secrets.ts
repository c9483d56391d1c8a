import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Secrets that all replicas share, made once and kept in Postgres: no setting, and a new signing key signs nobody out. */
@Injectable()
export class OauthSecrets {
  private readonly known = new Map<string, Promise<string>>();

  constructor(private readonly database: DataSource) {}

  /** The keys that sign cookies. */
  cookieKeys(): Promise<string[]> {
    return this.get('cookies').then((key) => [key]);
  }

  /**
   * The token that follows a refresh token. It is derived, so that a repeated request gets the same one although only
   * digests are stored.
   */
  async successorOf(refreshToken: string): Promise<string> {
    return createHmac('sha256', await this.get('refresh'))
      .update(refreshToken)
      .digest('base64url');
  }

  /** A token for the forms of a browser's sign-in. */
  async formToken(sessionId: string): Promise<string> {
    return createHmac('sha256', await this.get('forms'))
      .update(sessionId)
      .digest('base64url');
  }

  /** The key that encrypts the secrets of authenticator apps: 32 bytes. */
  factorKey(): Promise<Buffer> {
    return this.get('factors').then((key) => Buffer.from(key, 'base64url'));
  }

  private get(name: string): Promise<string> {
    const found = this.known.get(name) ?? this.load(name);
    this.known.set(name, found);
    // A failure is not remembered.
    found.catch(() => this.known.delete(name));
    return found;
  }

  private async load(name: string): Promise<string> {
    await this.database.query(
      'INSERT INTO identity.oauth_secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING',
      [name, randomBytes(32).toString('base64url')],
    );
    const [row] = await this.database.query('SELECT value FROM identity.oauth_secrets WHERE name = $1', [
      name,
    ]);
    return row.value;
  }
}

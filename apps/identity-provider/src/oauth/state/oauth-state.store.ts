import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { AdapterPayload } from 'oidc-provider';
import { DataSource } from 'typeorm';
import { isStorable } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { stateColumnsOf } from './state-columns.js';

/** These values are secrets that nobody but their holder needs: only their digests are stored. */
const DIGESTED = new Set(['AuthorizationCode', 'RefreshToken', 'Session']);

/** A row as oidc-provider reads it: `consumed` is a time in seconds. */
export interface StoredState {
  payload: AdapterPayload;
  consumedAt: Date | null;
}

/** The id of the row that stores a value. */
export const stateId = (type: string, value: string): string =>
  DIGESTED.has(type) ? createHash('sha256').update(value).digest('base64url') : value;

/**
 * The rows of `identity.oauth_state`. A row that came from a session counts only while the session does: Postgres
 * deletes it with the session.
 */
@Injectable()
export class OauthStateStore {
  constructor(private readonly database: DataSource) {}

  /** @returns null for a row that is absent, expired, or whose session has ended */
  async find(type: string, value: string): Promise<StoredState | null> {
    if (!isStorable(value)) return null;
    const found = await this.select('id', type, stateId(type, value));
    return found && { ...found, payload: { ...found.payload, jti: value } };
  }

  findByUid(type: string, uid: string): Promise<StoredState | null> {
    return isStorable(uid) ? this.select('uid', type, uid) : Promise.resolve(null);
  }

  findByUserCode(type: string, userCode: string): Promise<StoredState | null> {
    return isStorable(userCode) ? this.select('user_code', type, userCode) : Promise.resolve(null);
  }

  /** Adds or replaces a row. It keeps whether it was consumed. */
  async upsert(type: string, value: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const { sessionId, grantId, uid, userCode } = stateColumnsOf(type, value, payload);
    await preparedQuery(this.database, {
      name: 'oauth-state-upsert',
      // A session that has ended meanwhile leaves `session_id` null, and then the row does not count.
      text: `INSERT INTO identity.oauth_state (type, id, payload, session_id, grant_id, uid, user_code, expires_at)
        VALUES ($1, $2, $3, (SELECT id FROM identity.sessions WHERE id = $4 FOR KEY SHARE), $5, $6, $7,
          now() + $8 * interval '1 second')
        ON CONFLICT (type, id) DO UPDATE SET payload = excluded.payload, session_id = excluded.session_id,
          grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code,
          expires_at = excluded.expires_at`,
      values: [
        type,
        stateId(type, value),
        JSON.stringify(withoutSecret(type, payload)),
        sessionId,
        grantId,
        uid,
        userCode,
        expiresIn,
      ],
    });
  }

  /** @returns whether this call consumed the row: of several at once, one does */
  async consume(type: string, value: string): Promise<boolean> {
    const rows = await preparedQuery(this.database, {
      name: 'oauth-state-consume',
      text: `UPDATE identity.oauth_state SET consumed_at = now()
        WHERE type = $1 AND id = $2 AND consumed_at IS NULL RETURNING id`,
      values: [type, stateId(type, value)],
    });
    return rows.length > 0;
  }

  async destroy(type: string, value: string): Promise<void> {
    if (!isStorable(value)) return;
    await this.database.query('DELETE FROM identity.oauth_state WHERE type = $1 AND id = $2', [
      type,
      stateId(type, value),
    ]);
  }

  async destroyByGrant(type: string, grantId: string): Promise<void> {
    await this.database.query('DELETE FROM identity.oauth_state WHERE type = $1 AND grant_id = $2', [
      type,
      grantId,
    ]);
  }

  private async select(
    column: 'id' | 'uid' | 'user_code',
    type: string,
    value: string,
  ): Promise<StoredState | null> {
    const rows = await preparedQuery<StoredState & { sessionId: string | null; isAlive: boolean }>(
      this.database,
      {
        name: `oauth-state-by-${column}`,
        text: `SELECT o.payload, o.consumed_at AS "consumedAt", o.session_id AS "sessionId",
            s.expires_at > now() AS "isAlive"
          FROM identity.oauth_state o LEFT JOIN identity.sessions s ON s.id = o.session_id
          WHERE o.type = $1 AND o.${column} = $2 AND o.expires_at > now()`,
        values: [type, value],
      },
    );
    const [row] = rows;
    if (!row) return null;
    const { sessionId } = stateColumnsOf(type, value, row.payload);
    const needsSession = sessionId !== null || row.sessionId !== null;
    if (needsSession && !row.isAlive) return null;
    return { payload: row.payload, consumedAt: row.consumedAt };
  }
}

function withoutSecret(type: string, payload: AdapterPayload): AdapterPayload {
  if (!DIGESTED.has(type)) return payload;
  const { jti: _, ...rest } = payload;
  return rest;
}

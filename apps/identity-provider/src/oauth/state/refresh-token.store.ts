import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { stateId } from './oauth-state.store.js';

/** `rotated`: the token was consumed now. `repeated`: a moment ago, by a request that this one repeats. */
export type Rotation = 'rotated' | 'repeated' | 'reused';

/** Rotates refresh tokens, once for all replicas. */
@Injectable()
export class RefreshTokenStore {
  constructor(private readonly database: DataSource) {}

  /**
   * Consumes a refresh token and stores its successor, in one statement.
   * @param repeatSeconds how long the token may be repeated, as long as its successor was not used
   */
  async rotate(value: string, successor: string, repeatSeconds: number): Promise<Rotation> {
    const ids = [stateId('RefreshToken', value), stateId('RefreshToken', successor)];
    const [row] = await preparedQuery(this.database, {
      name: 'oauth-refresh-rotate',
      text: `WITH used AS (
          UPDATE identity.oauth_state SET consumed_at = now()
          WHERE type = 'RefreshToken' AND id = $1 AND consumed_at IS NULL AND expires_at > now() RETURNING *
        )
        INSERT INTO identity.oauth_state (type, id, payload, session_id, grant_id, expires_at)
        SELECT type, $2, payload || jsonb_build_object(
            'iat', floor(extract(epoch FROM now())), 'exp', floor(extract(epoch FROM now() + (expires_at - issued.at))),
            'rotations', coalesce((payload->>'rotations')::integer, 0) + 1),
          session_id, grant_id, now() + (expires_at - issued.at)
        FROM used, LATERAL (SELECT to_timestamp((payload->>'iat')::bigint) AS at) issued
        RETURNING id`,
      values: ids,
    });
    if (row) return 'rotated';
    const [repeated] = await preparedQuery(this.database, {
      name: 'oauth-refresh-repeated',
      text: `SELECT FROM identity.oauth_state used
        JOIN identity.oauth_state next ON next.type = used.type AND next.id = $2 AND next.consumed_at IS NULL
        WHERE used.type = 'RefreshToken' AND used.id = $1
          AND used.consumed_at > now() - $3 * interval '1 second'`,
      values: [...ids, repeatSeconds],
    });
    return repeated ? 'repeated' : 'reused';
  }
}

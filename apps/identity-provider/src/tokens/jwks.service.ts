import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type PublicJwk, toPublicJwk } from '#libs/config/keys.js';
import { successEnvelope } from '#libs/http/replies/envelope.js';
import type { PreparedReply } from '#libs/http/replies/prepared-replies.js';
import { NativeKeysService } from './native-keys.service.js';

/** How long clients may cache the key set, in seconds. `keys rotate --activate` waits longer than this. */
export const JWKS_MAX_AGE = 60;

interface PublishedKeySet {
  readonly keys: readonly PublicJwk[];
  /** RFC 7517, section 5. */
  readonly plain: PreparedReply;
  /** In the envelope, and `keys` also at its top level, for standard JWKS clients. */
  readonly enveloped: PreparedReply;
}

/** The published key set, which is serialized once for each change of the keys. */
@Injectable()
export class JwksService {
  current: PublishedKeySet;

  constructor(nativeKeys: NativeKeysService) {
    this.current = publish(nativeKeys);
    nativeKeys.onChange(() => {
      this.current = publish(nativeKeys);
    });
  }
}

function publish({ publicKeys }: NativeKeysService): PublishedKeySet {
  const keys = publicKeys.map(({ kid, pem }) => toPublicJwk(kid, pem));
  const json = JSON.stringify({ keys });
  const hash = createHash('sha256').update(json).digest('base64url');
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': `public, max-age=${JWKS_MAX_AGE}`,
    etag: `"${hash.slice(0, 22)}"`,
  };
  const enveloped = { ...successEnvelope(200, 'Public keys.', { keys }, null), keys };
  return {
    keys,
    plain: { headers, body: json },
    enveloped: { headers, body: JSON.stringify(enveloped) },
  };
}

import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type PublicJwk, toPublicJwk } from '#libs/config/keys.js';
import { successEnvelope } from '#libs/http/replies/envelope.js';
import { NativeKeysService } from './native-keys.service.js';

/** How long clients may cache the key set, in seconds. `keys rotate --activate` waits longer than this. */
export const JWKS_MAX_AGE = 60;

interface PublishedKeySet {
  readonly keys: readonly PublicJwk[];
  readonly etag: string;
  /** RFC 7517, section 5. */
  readonly json: string;
  /** In the envelope, and `keys` also at its top level, for standard JWKS clients. */
  readonly envelopedJson: string;
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
  return {
    keys,
    etag: `"${hash.slice(0, 22)}"`,
    json,
    envelopedJson: JSON.stringify({ ...successEnvelope(200, 'Public keys.', { keys }, null), keys }),
  };
}

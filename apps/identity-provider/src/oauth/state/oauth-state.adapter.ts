import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { SessionEnding } from '../../sessions/session-ending.js';
import type { ClientMetadataSource } from '../clients/client-metadata.js';
import { errors } from '../oidc.js';
import { currentAudit, currentRoute } from '../provider/current-request.js';
import type { SignIns } from '../sign-ins.js';
import { withOauthErrors } from './oauth-errors.js';
import type { OauthStateStore, StoredState } from './oauth-state.store.js';

/** Where oidc-provider's models are. */
export interface AdapterSources {
  state: OauthStateStore;
  clients: ClientMetadataSource;
  signIns: SignIns;
  /** Looks a user code up for a browser, and counts wrong ones. */
  findByUserCode: (find: () => Promise<StoredState | null>) => Promise<StoredState | null>;
}

/** oidc-provider's storage of one model in Postgres (its `Adapter`). */
export class OauthStateAdapter implements Adapter {
  constructor(
    private readonly type: string,
    private readonly sources: AdapterSources,
  ) {}

  upsert(id: string, payload: AdapterPayload, expiresIn = 0): Promise<void> {
    return withOauthErrors(() => this.sources.state.upsert(this.type, id, payload, expiresIn));
  }

  find(id: string): Promise<AdapterPayload | undefined> {
    return withOauthErrors(async () => {
      if (this.type === 'Client') return (await this.sources.clients.find(id)) ?? undefined;
      return payloadOf(await this.sources.state.find(this.type, id));
    });
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return withOauthErrors(async () => payloadOf(await this.sources.state.findByUid(this.type, uid)));
  }

  findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    const find = () => this.sources.state.findByUserCode(this.type, userCode);
    return withOauthErrors(async () => payloadOf(await this.sources.findByUserCode(find)));
  }

  /** @throws InvalidGrant if another request has consumed it at the same time */
  consume(id: string): Promise<void> {
    return withOauthErrors(async () => {
      if (!(await this.sources.state.consume(this.type, id)))
        throw new errors.InvalidGrant('already consumed');
    });
  }

  /** Ending a grant ends the client's session, and with it the access tokens. */
  destroy(id: string): Promise<void> {
    return withOauthErrors(async () => {
      if (this.type === 'Grant')
        await this.sources.signIns.end(id, { audit: currentAudit(), reason: reasonOf() });
      else await this.sources.state.destroy(this.type, id);
    });
  }

  revokeByGrantId(grantId: string): Promise<void> {
    return withOauthErrors(() => this.sources.state.destroyByGrant(this.type, grantId));
  }
}

/** Grants end at a revocation, at a sign-out, and where a code is used a second time. */
function reasonOf(): SessionEnding['reason'] {
  const route = currentRoute();
  if (route === 'revocation') return 'token_revoked';
  return route === 'token' ? 'code_reused' : 'logout';
}

function payloadOf(found: StoredState | null): AdapterPayload | undefined {
  if (!found) return undefined;
  const { payload, consumedAt } = found;
  return consumedAt ? { ...payload, consumed: Math.floor(consumedAt.getTime() / 1000) } : payload;
}

import { type BothServices, startBothServices } from '../support/both-services.js';
import { Sender } from './sender.js';

/** The listener that serves an operation. */
export type Listener = 'identity-provider' | 'user-service' | 'internal';

/** Both apps, with senders that have all permissions and a profile. */
export interface FuzzedApps extends BothServices {
  admin: Record<Listener, Sender>;
  /** Creates a sender with another account, for requests that end its sessions. */
  anotherAdmin(): Promise<Sender>;
}

export async function startFuzzedApps(): Promise<FuzzedApps> {
  const both = await startBothServices({}, 4);
  const { id: roleId } = await both.idp.systemRole('admin');
  const { api } = await both.idp.signIn([], { roleId });
  const root = both.idp.api.url.replace('/api/v1', '');
  const senders: Sender[] = [];
  const sender = (url: string, token: string | null) => {
    const created = new Sender(url, token);
    senders.push(created);
    return created;
  };
  return {
    ...both,
    admin: {
      'identity-provider': sender(root, api.token),
      'user-service': sender(both.service.api.url, api.token),
      internal: sender(both.service.internal.url, null),
    },
    anotherAdmin: async () => sender(root, (await both.idp.signIn([], { roleId })).api.token),
    close: async () => {
      for (const one of senders) one.close();
      await both.close();
    },
  };
}

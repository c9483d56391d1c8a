import { AuthorityService } from '#apps/identity-provider/src/authority/authority.service.js';
import { CreateClient, mapClient } from '#apps/identity-provider/src/oauth/clients/clients.dto.js';
import {
  ClientsService,
  type ClientWithSecret,
} from '#apps/identity-provider/src/oauth/clients/clients.service.js';
import { SessionsService } from '#apps/identity-provider/src/sessions/sessions.service.js';
import type { Environment } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { ExclusiveTransactions } from '#libs/database/queries/exclusive-transactions.js';
import { InputPipe } from '#libs/http/input/input.pipe.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { withIdentityDatabase } from '../identity/identity-database.js';

export type ListedClient = ReturnType<typeof mapClient>;

/** The operator's changes of OAuth clients, which no caller's rights limit. */
export interface OperatorClients {
  list(): Promise<ListedClient[]>;
  /** @throws UserFacingError with every field at fault */
  create(body: object): Promise<ListedClient & { client_secret?: string }>;
  /** @throws UserFacingError if there is no such client */
  delete(clientId: string): Promise<void>;
}

/** Connects to schema `identity` while `work` runs. */
export function withOperatorClients(
  env: Environment,
  work: (clients: OperatorClients) => Promise<void>,
): Promise<void> {
  return withIdentityDatabase(env, async (database) => {
    const repository = database.getRepository(OauthClient);
    const authority = new AuthorityService(new ExclusiveTransactions(database, 'identity.authority'));
    const service = new ClientsService(repository, authority, new SessionsService(database));
    await work({
      list: async () => (await repository.find({ order: { clientId: 'ASC' } })).map(mapClient),
      create: (body) => explained(async () => created(await service.createAsOperator(await validated(body)))),
      delete: (clientId) => explained(() => service.deleteAsOperator(clientId)),
    });
  });
}

const validated = (body: object): Promise<CreateClient> =>
  Promise.resolve(
    new InputPipe().transform(body, { type: 'body', metatype: CreateClient }),
  ) as Promise<CreateClient>;

const created = ({ client, secret }: ClientWithSecret) => ({
  ...mapClient(client),
  ...(secret === null ? {} : { client_secret: secret }),
});

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new UserFacingError(
      error.status === 404
        ? 'There is no such client.'
        : error.errors.map(({ field, message }) => `${field ? `${field}: ` : ''}${message}`).join(' '),
    );
  }
}

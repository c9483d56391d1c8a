import { hash } from 'bcrypt';
import { parse } from 'dotenv';
import type { DataSource } from 'typeorm';
import { addSystemRoles } from '#apps/identity-provider/src/seed/system-roles.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { CliCheckout, type Variables } from '../../cli/cli-checkout.js';
import { Factories } from '../../support/factories.js';
import { DURABLE, migrateAll, type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import { send } from './request.js';

export const PASSWORD = 'correct horse battery';
const BCRYPT_COST = 10;

/** The environment of one test file's processes: a built checkout, a separate Postgres and a key pair. */
export interface TestEnvironment {
  checkout: CliCheckout;
  postgres: PostgresServer;
  /** For reading and inserting rows. */
  identity: DataSource;
  /** Settings of both apps in production, with the real grace period. */
  env: Variables;
  /** Creates an account that can log in with PASSWORD. */
  account(role: 'admin' | 'user'): Promise<Account>;
  close(): Promise<void>;
}

/** @param start of the Postgres, which is closed with the environment */
export async function openTestEnvironment(
  start: () => Promise<PostgresServer> = () => startPostgres(DURABLE),
): Promise<TestEnvironment> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const next of closers.splice(0).reverse()) await next();
  };
  try {
    const checkout = await CliCheckout.make();
    closers.push(() => checkout.close());
    const postgres = await start();
    closers.push(() => postgres.close());
    await migrateAll(postgres.url);
    const identity = await identityDataSource(postgres.url, { poolSize: 3 }).initialize();
    closers.push(() => identity.destroy());
    await identity.transaction(addSystemRoles);
    const make = new Factories(identity);
    const passwordHash = await hash(PASSWORD, BCRYPT_COST);
    return {
      checkout,
      postgres,
      identity,
      env: await productionSettings(checkout, postgres.url),
      account: async (name) => {
        const { id: roleId } = await identity.manager.findOneByOrFail(Role, { name });
        return make.account({ roleId, passwordHash });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of both apps, with a new key pair. */
export async function productionSettings(checkout: CliCheckout, databaseUrl: string): Promise<Variables> {
  return {
    ...parse((await checkout.twinkey(['keys', 'generate'])).stdout),
    ENVIRONMENT: 'production',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
    DATABASE_URL: databaseUrl,
    BCRYPT_COST: String(BCRYPT_COST),
  };
}

/** @param identityProvider its URL. @throws Error if the login is refused */
export async function logIn(identityProvider: string, { email }: Pick<Account, 'email'>): Promise<string> {
  const { status, error, body } = await send({
    name: 'login',
    method: 'POST',
    url: `${identityProvider}/api/v1/auth/login`,
    body: { email, password: PASSWORD },
  });
  if (status !== 200) throw new Error(`Login: ${status ?? error} ${JSON.stringify(body)}`);
  return body.data.token;
}

/** The database's URL through the proxy. */
export function databaseThrough(proxy: TcpProxy, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.port = new URL(proxy.url).port;
  return url.href;
}

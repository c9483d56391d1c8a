import type { KeyObject } from 'node:crypto';
import type { EnvironmentName } from './environment.js';
import type { KeyUpdates } from './key-updates.js';
import type { PublicKey } from './keys.js';
import type { Mailbox, SmtpServer } from './parse/mail.js';

export interface CommonSettings {
  environment: EnvironmentName;
  /** The address of the public listener. */
  host: string;
  corsOrigins: string[];
  /** Also allows pages on localhost and 127.0.0.1, with http or https, on any port. */
  corsLocalhost: boolean;
  /** Fastify's `trustProxy`: off, a number of hops, or `loopback`, addresses and networks. */
  trustProxy: false | number | string[];
  docs: boolean;
  /** The client with which the documentation pages sign in. null: they only accept a token. */
  docsClientId: string | null;
  logLevel: string;
  auditRetentionDays: number;
  /** null: the authority feed is off. */
  authorityFeedToken: string | null;
  /** The number of processes that share the database connections (`twinkey run --workers`). Default 1. Not a variable. */
  workers?: number;
  /** Announces changes of the key file. Default: the keys do not change. Not a variable. */
  keyUpdates?: KeyUpdates;
}

/** How a database is reached, beside the URL of the pool. */
export interface DatabaseSettings {
  /** The URL of the pool leads to a PgBouncer in transaction mode. */
  pooled: boolean;
  /** Leads to Postgres itself; null if it is not known. Without PgBouncer it is by default the URL of the pool. */
  directUrl: string | null;
  /** null: there is no replica. */
  replicaUrl: string | null;
  replicaMaxLagSeconds: number;
}

export interface IdentityProviderSettings extends CommonSettings {
  port: number;
  databaseUrl: string;
  database: DatabaseSettings;
  signing: SigningSettings;
  sessions: SessionSettings;
  bcryptCost: number;
  login: { maxFailures: number; maxFailuresPerAddress: number; windowSeconds: number };
  /** Null: Postgres alone holds the counters of failed logins. */
  redisUrl: string | null;
  secondFactor: SecondFactorSettings;
  brand: BrandSettings;
  mail: MailSettings;
  /** null: passwords are not compared with breached ones. */
  breachedPasswordsFile: string | null;
  registration: RegistrationSettings;
  /** null: Keycloak mode is off. */
  keycloak: KeycloakIssuerSettings | null;
  /** The ids of the Keycloak clients whose logout tokens are accepted. Empty if Keycloak mode is off. */
  logoutClients: string[];
  /** null: there is no listener for metrics. */
  metricsPort: number | null;
  metricsHost: string;
}

/** What people may do for themselves. */
export interface RegistrationSettings {
  mode: 'off' | 'invite' | 'open';
  /** The name of a new account's role. */
  role: string;
  /** False: the role is the default, which must hold no permission. */
  isRoleNamed: boolean;
  /** In lower case; empty: every domain. */
  emailDomains: string[];
  termsUrl: string | null;
  /** Accounts whose email is not verified cannot sign in. */
  requireVerifiedEmail: boolean;
}

export interface SecondFactorSettings {
  /** The names of roles whose holders cannot sign in without a second factor. */
  requiredRoles: string[];
  /** Whether the sign-in page offers to trust a browser, which then needs no second factor for 30 days. */
  trustedBrowsers: boolean;
}

/** How identity-provider's own pages look. */
export interface BrandSettings {
  name: string;
  /** `#rrggbb` */
  color: string;
  /** The path of an image file, or null. */
  logo: string | null;
}

export interface UserServiceSettings extends CommonSettings {
  port: number;
  internalPort: number;
  internalHost: string;
  /** null: the internal port requires no token. */
  internalApiToken: string | null;
  /** Without a trailing slash. */
  identityProviderUrl: string;
  databaseUrl: string;
  database: DatabaseSettings;
  native: NativeIssuerSettings;
  keycloak: KeycloakServiceSettings | null;
  /** How often Keycloak is asked about recent subjects, in seconds; 0: never. */
  keycloakRecheckSeconds: number;
}

export interface MailSettings {
  /** null: mails are printed to the log; in production they wait in the outbox. */
  server: SmtpServer | null;
  /** null only without a server, in production. */
  from: Mailbox | null;
  /** A folder whose templates replace those of Twinkey. */
  templates: string | null;
}

/** How long sessions and their access tokens live, in seconds. */
export interface SessionSettings {
  /** null: access tokens live for `signing.lifetimeSeconds`. */
  accessTokenSeconds: number | null;
  /** A session ends this long after its last refresh. null: there are no refresh tokens. */
  refreshTokenSeconds: number | null;
  maxSeconds: number;
}

export interface SigningSettings {
  issuer: string;
  audience: string;
  /** `JWT_EXPIRATION_DAYS`; `SessionSettings` may have another one. */
  lifetimeSeconds: number;
  /** The id of `privateKey` and of the first entry of `publicKeys`. */
  kid: string;
  privateKey: KeyObject;
  /** The keys in the JWKS: first the key of `privateKey`, then the additional keys. */
  publicKeys: PublicKey[];
}

export interface NativeIssuerSettings {
  issuer: string;
  audience: string;
  maxLifetimeSeconds: number;
  /** `JWT_PUBLIC_KEY`, then the additional keys. If empty, the keys are fetched from `jwksUrl`. */
  keys: PublicKey[];
  /** null if `keys` is not empty. */
  jwksUrl: string | null;
}

export interface KeycloakIssuerSettings {
  /** `{url}/realms/{realm}`, exactly as in a token's `iss`. */
  issuer: string;
  /** A URL under `internalUrl`. */
  jwksUrl: string;
  audience: string;
  /** Maps Keycloak realm roles to Twinkey roles. */
  roleMap: ReadonlyMap<string, string>;
  /** The longest life of an access token. Default: 30 days, which every verifier accepts at most. */
  maxLifetimeSeconds?: number;
  /** The URL for browsers, without a trailing slash. */
  url: string;
  /** The URL for services, without a trailing slash. */
  internalUrl: string;
  realm: string;
}

export interface KeycloakServiceSettings extends KeycloakIssuerSettings {
  clientId: string;
  clientSecret: string;
}

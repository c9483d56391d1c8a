import type { KeyObject } from 'node:crypto';
import type { EnvironmentName } from './environment.js';
import type { PublicKey } from './keys.js';

export interface CommonSettings {
  environment: EnvironmentName;
  /** Of the public listener. */
  host: string;
  /** Exact origins. */
  corsOrigins: string[];
  /** Whether pages on localhost and 127.0.0.1, http or https, any port, may call as well. */
  corsLocalhost: boolean;
  /** Fastify's `trustProxy`: off, a number of hops, or `loopback`, addresses and networks. */
  trustProxy: false | number | string[];
  docs: boolean;
  logLevel: string;
  /** Processes that share the machine and its database connections (`twinkey run --workers`), no variable; 1 unless told. */
  workers?: number;
}

export interface IdentityProviderSettings extends CommonSettings {
  port: number;
  databaseUrl: string;
  signing: SigningSettings;
  bcryptCost: number;
  login: { maxFailures: number; maxFailuresPerAddress: number; windowSeconds: number };
  /** null: Keycloak mode is off. */
  keycloak: KeycloakIssuerSettings | null;
  /** null: no listener for metrics. */
  metricsPort: number | null;
}

export interface UserServiceSettings extends CommonSettings {
  port: number;
  internalPort: number;
  internalHost: string;
  /** null: the internal port asks for no token. */
  internalApiToken: string | null;
  /** Without a trailing slash. */
  identityProviderUrl: string;
  databaseUrl: string;
  native: NativeIssuerSettings;
  keycloak: KeycloakServiceSettings | null;
}

export interface SigningSettings {
  issuer: string;
  audience: string;
  lifetimeSeconds: number;
  /** Of `privateKey`, and of the first of `publicKeys`. */
  kid: string;
  privateKey: KeyObject;
  /** What the JWKS shows: the own key first, then the additional ones. */
  publicKeys: PublicKey[];
}

export interface NativeIssuerSettings {
  issuer: string;
  audience: string;
  maxLifetimeSeconds: number;
  /** Held by this service: `JWT_PUBLIC_KEY`, then the additional ones. Empty: they come from `jwksUrl`. */
  keys: PublicKey[];
  /** null where `keys` holds any. */
  jwksUrl: string | null;
}

export interface KeycloakIssuerSettings {
  /** `{url}/realms/{realm}`, exactly as in a token's `iss`. */
  issuer: string;
  /** Under `internalUrl`. */
  jwksUrl: string;
  audience: string;
  /** Keycloak realm role to Twinkey role. */
  roleMap: ReadonlyMap<string, string>;
  /** As browsers see it, without a trailing slash. */
  url: string;
  /** As the services reach it, without a trailing slash. */
  internalUrl: string;
  realm: string;
}

export interface KeycloakServiceSettings extends KeycloakIssuerSettings {
  clientId: string;
  clientSecret: string;
}

import type { Environment } from '#libs/config/environment.js';
import type { ChosenApps } from '../chosen-apps.js';

export type CheckStatus = 'ok' | 'warning' | 'broken' | 'skipped';

export interface DoctorCheck {
  /** A stable name, `area` or `area.detail`: `keycloak.issuer`. */
  name: string;
  status: CheckStatus;
  message: string;
  remedy: string | null;
}

/** The input of all checks. `env` includes the embedded database and the development keys, if they are used. */
export interface CheckContext {
  apps: ChosenApps;
  root: string;
  env: Environment;
}

/** Checks one area. Never rejects: an error becomes a check that is `broken`. */
export type AreaCheck = (context: CheckContext) => Promise<DoctorCheck[]>;

export const ok = (name: string, message: string): DoctorCheck => ({
  name,
  status: 'ok',
  message,
  remedy: null,
});

export const warning = (name: string, message: string, remedy: string): DoctorCheck => ({
  name,
  status: 'warning',
  message,
  remedy,
});

export const broken = (name: string, message: string, remedy: string): DoctorCheck => ({
  name,
  status: 'broken',
  message,
  remedy,
});

export const skipped = (name: string, message: string): DoctorCheck => ({
  name,
  status: 'skipped',
  message,
  remedy: null,
});

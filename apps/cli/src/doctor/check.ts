import type { Environment } from '#libs/config/environment.js';
import type { ChosenApps } from '../chosen-apps.js';

export type CheckStatus = 'ok' | 'warning' | 'broken' | 'skipped';

/** What was looked at, how it is, and what to do about it. */
export interface DoctorCheck {
  /** Stable, `area` or `area.detail`: `keycloak.issuer`. */
  name: string;
  status: CheckStatus;
  message: string;
  remedy: string | null;
}

/** What the checks look at: the environment has the embedded database and the development keys in it, where used. */
export interface Examined {
  apps: ChosenApps;
  root: string;
  env: Environment;
}

/** Looks at one area. Never rejects: what goes wrong is its finding. */
export type Examination = (examined: Examined) => Promise<DoctorCheck[]>;

export const ok = (name: string, message: string): DoctorCheck => ({ name, status: 'ok', message, remedy: null });

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

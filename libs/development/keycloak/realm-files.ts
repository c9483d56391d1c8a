import { readFile } from 'node:fs/promises';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type UserRepresentation from '@keycloak/keycloak-admin-client/lib/defs/userRepresentation.js';

/** The realm that ships (`keycloak/realm.json`): with placeholders, without users. */
export function shippedRealm(): Promise<RealmRepresentation> {
  return readJson<RealmRepresentation>('realm.json');
}

/** The shipped realm with the demo users, whose passwords are public: for development only. */
export async function demoRealm(): Promise<RealmRepresentation> {
  const realm = await shippedRealm();
  return { ...realm, users: [...(realm.users ?? []), ...(await demoUsers())] };
}

export function demoUsers(): Promise<UserRepresentation[]> {
  return readJson<UserRepresentation[]>('demo-users.json');
}

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(`../../../keycloak/${name}`, import.meta.url), 'utf8'));
}

import { Injectable } from '@nestjs/common';
import type { IssuerName } from '#libs/database/users/identity.entity.js';
import type { Directory } from './directory.js';
import { KeycloakDirectory } from './keycloak.directory.js';
import { NativeDirectory } from './native.directory.js';

/** The directory of each issuer whose tokens are taken. */
@Injectable()
export class Directories {
  constructor(
    private readonly native: NativeDirectory,
    /** Null where Keycloak mode is off: then no caller is Keycloak's. */
    readonly keycloak: KeycloakDirectory | null,
  ) {}

  of(issuer: IssuerName): Directory {
    const directory = issuer === 'native' ? this.native : this.keycloak;
    if (!directory) throw new Error(`No directory for ${issuer}.`);
    return directory;
  }
}

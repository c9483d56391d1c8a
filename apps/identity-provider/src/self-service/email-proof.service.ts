import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AccountLinks, asOwner } from './account-links.js';
import { AddressProof } from './address-proof.js';
import { EmailChangeService } from './email-change.service.js';
import type { Requester } from './requester.js';

const PURPOSES = ['verify_email', 'change_email'] as const;

/** Confirms addresses, with the links that were mailed to them. */
@Injectable()
export class EmailProofService {
  constructor(
    private readonly database: DataSource,
    private readonly links: AccountLinks,
    private readonly changes: EmailChangeService,
    private readonly proof: AddressProof,
  ) {}

  /** The address that a link would prove. @throws ApiError 422 `invalid_token` */
  async check(token: string): Promise<{ email: string }> {
    const { email } = await this.links.get(this.database.manager, token, PURPOSES);
    return { email };
  }

  /**
   * Uses a link to the address of an unverified account, or to the new address of an account.
   * @throws ApiError 422 `invalid_token`, 409 `email_taken`
   */
  verify(token: string, requester: Requester): Promise<void> {
    return this.database.transaction(async (tx) => {
      const link = await this.links.use(tx, token, PURPOSES);
      const owner = { ...requester, audit: asOwner(requester.audit, link) };
      if (link.purpose === 'change_email') await this.changes.confirm(tx, link, owner);
      else await this.proof.prove(tx, link, link, owner.audit);
    });
  }
}

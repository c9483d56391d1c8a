import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../shared-entities/columns.js';

/** The challenge of a WebAuthn ceremony in progress. It is used once; a newer one for the same purpose replaces it. */
@Entity('passkey_challenges')
@Index('passkey_challenges_expires_at_idx', ['expiresAt'])
export class PasskeyChallenge {
  /** `add {account id}`, or `sign-in {interaction uid}`. */
  @PrimaryColumn('text')
  purpose: string;

  @Column('text')
  challenge: string;

  @TimeColumn()
  expiresAt: Date;
}

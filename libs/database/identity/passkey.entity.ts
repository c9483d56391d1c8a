import { Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Factor } from './factor.entity.js';

/** What WebAuthn needs of a factor of kind `passkey`. Its user handle is the account's id. */
@Entity('passkeys')
@Index('passkeys_credential_id_key', ['credentialId'], { unique: true })
export class Passkey {
  @PrimaryColumn('uuid')
  factorId: string;

  @OneToOne(() => Factor, { onDelete: 'CASCADE' })
  @JoinColumn()
  factor?: Relation<Factor>;

  @Column('bytea')
  credentialId: Buffer;

  /** In COSE form. */
  @Column('bytea')
  publicKey: Buffer;

  /** The signature counter at the last use; 0 for authenticators that do not count. */
  @Column('bigint')
  counter: string;

  @Column({ type: 'text', array: true, default: '{}' })
  transports: string[];

  /** Whether the key is synchronized between devices. */
  @Column('boolean')
  backedUp: boolean;
}

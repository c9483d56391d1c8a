import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { KeyColumn, TimeColumn } from '../shared-entities/columns.js';
import { User } from './user.entity.js';

/**
 * The identity of a user, the pair (issuer, sub) and never an email, with the fields that the issuer last asserted.
 * The table also has the two expression indexes of `name-search.ts`.
 */
@Entity('identities')
@Index('identities_user_id_idx', ['userId'])
@Index('identities_sub_idx', ['sub'])
@Index('identities_username_key', ['issuer', 'usernameKey'], {
  unique: true,
  where: 'username_key IS NOT NULL',
})
@Index('identities_username_key_user_id_idx', ['usernameKey', 'userId'])
@Index('identities_email_key_user_id_idx', ['emailKey', 'userId'])
@Index('identities_issuer_email_key_user_id_idx', ['issuer', 'emailKey', 'userId'])
export class Identity {
  @PrimaryColumn('text')
  issuer: IssuerId;

  @PrimaryColumn('text', { collation: 'C' })
  sub: string;

  @Column('uuid')
  userId: string;

  @ManyToOne(
    () => User,
    (user) => user.identities,
    { onDelete: 'RESTRICT' },
  )
  @JoinColumn()
  user?: Relation<User>;

  @Column('text', { nullable: true })
  username: string | null;

  /** `textKey(username)`: unique within an issuer. */
  @KeyColumn({ nullable: true })
  usernameKey: string | null;

  @Column('text', { nullable: true })
  email: string | null;

  /** `textKey(email)`. Not unique: an issuer may allow the same email for two users. */
  @KeyColumn({ nullable: true })
  emailKey: string | null;

  /** Null: the issuer has not said whether the address is the user's. */
  @Column('boolean', { nullable: true })
  emailVerified: boolean | null;

  @Column('text', { nullable: true })
  firstName: string | null;

  @Column('text', { nullable: true })
  lastName: string | null;

  /** When the issuer asserted the above: older data does not replace newer data. */
  @TimeColumn({ name: 'told_at' })
  assertedAt: Date;
}

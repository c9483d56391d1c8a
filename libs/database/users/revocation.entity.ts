import { Check, Entity } from 'typeorm';
import { RevocationColumns } from '../shared-entities/revocation-columns.js';

/** The identities of suspended and deleted users, written by triggers. */
@Entity('revocations')
@Check('revocations_kind_check', `kind IN ('subject')`)
export class Revocation extends RevocationColumns {}

import { Check, Entity } from 'typeorm';
import { RevocationColumns } from '../shared-entities/revocation-columns.js';

/** Written by triggers on sessions, accounts and roles, and by `RevocationsService`. */
@Entity('revocations')
@Check('revocations_kind_check', `kind IN ('session', 'subject', 'key', 'role')`)
export class Revocation extends RevocationColumns {}

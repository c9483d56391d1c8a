import { Check, Entity } from 'typeorm';
import { AuthorityFeedColumns } from '../shared-entities/authority-feed-columns.js';

@Entity('authority_feed')
@Check('authority_feed_id_check', 'id')
export class AuthorityFeed extends AuthorityFeedColumns {}

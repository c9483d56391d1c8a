import { Check, Entity } from 'typeorm';
import { AuthorityFeedColumns } from '../authority-feed-columns.js';

@Entity('authority_feed')
@Check('authority_feed_id_check', 'id')
export class AuthorityFeed extends AuthorityFeedColumns {}

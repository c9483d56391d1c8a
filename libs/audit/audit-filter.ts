import type { SelectQueryBuilder } from 'typeorm';
import { isId } from '#libs/core/ids.js';
import { parseTime } from '#libs/core/time.js';
import type { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { isIssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { AUDIT_ACTIONS, AUDIT_TARGET_TYPES } from './audit-actions.js';
import type { AuditEventListQuery } from './audit-events.dto.js';

type Filter = Pick<AuditEventListQuery, 'action' | 'outcome' | 'actor' | 'target' | 'from' | 'to'>;

/** Adds the conditions of a filter to a query for events. */
export function filterEvents(events: SelectQueryBuilder<AuditEvent>, filter: Filter): void {
  const { action, outcome, actor, target, from, to } = filter;
  if (action !== undefined) events.andWhere('event.action = :action', { action });
  if (outcome !== undefined) {
    // An action has one outcome. Without this, a contradiction would read all events of the action.
    if (action === undefined) events.andWhere('event.outcome = :outcome', { outcome });
    else if (AUDIT_ACTIONS[action].outcome !== outcome) events.andWhere('false');
  }
  if (actor !== undefined) {
    const { issuer, sub } = parseActor(actor);
    events.andWhere('event.actorSub = :sub', { sub });
    if (issuer !== null) events.andWhere('event.actorIssuer = :issuer', { issuer });
  }
  if (target !== undefined) {
    const { type, id } = parseTarget(target);
    events.andWhere('event.targetId = :targetId', { targetId: id });
    if (type !== null) events.andWhere('event.targetType = :type', { type });
  }
  if (from !== undefined) events.andWhere('event.at >= :from', { from: parseTime(from) });
  if (to !== undefined) events.andWhere('event.at < :to', { to: parseTime(to) });
}

/** `issuer:sub` or a sub. The subs of Keycloak's federated users have colons themselves: `f:{provider}:{id}`. */
export function parseActor(text: string): { issuer: string | null; sub: string } {
  const [prefix, rest] = splitAtColon(text);
  return rest !== null && prefix !== 'f' && isIssuerId(prefix)
    ? { issuer: prefix, sub: canonicalId(rest) }
    : { issuer: null, sub: canonicalId(text) };
}

/** `type:id` or an id. */
export function parseTarget(text: string): { type: string | null; id: string } {
  const [prefix, rest] = splitAtColon(text);
  return rest !== null && AUDIT_TARGET_TYPES.includes(prefix)
    ? { type: prefix, id: canonicalId(rest) }
    : { type: null, id: canonicalId(text) };
}

function splitAtColon(text: string): [string, string | null] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** UUIDs are stored in lower case. */
const canonicalId = (text: string): string => (isId(text) ? text.toLowerCase() : text);

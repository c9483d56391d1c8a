import type { AdapterPayload } from 'oidc-provider';
import { isId } from '#libs/core/ids.js';

/** The parts of a payload that have columns of their own. */
export interface StateColumns {
  /** The session with which the row ends. Null for what has none yet, such as a page in progress. */
  sessionId: string | null;
  grantId: string | null;
  uid: string | null;
  userCode: string | null;
}

/**
 * A grant has the id of the client's session, and a browser's sign-in (`Session`) has its session's id as `uid` once
 * somebody has signed in (`sign-ins.ts`).
 */
export function stateColumnsOf(type: string, id: string, payload: AdapterPayload): StateColumns {
  const grantId = payload.grantId ?? null;
  return {
    sessionId: sessionIdOf(type, id, payload, grantId),
    grantId,
    uid: payload.uid ?? null,
    userCode: payload.userCode ?? null,
  };
}

/** Never one that does not exist: a row without its session would count forever. */
const NO_SESSION = '00000000-0000-0000-0000-000000000000';

function sessionIdOf(
  type: string,
  id: string,
  payload: AdapterPayload,
  grantId: string | null,
): string | null {
  if (type === 'Grant') return asId(payload.jti ?? id);
  if (type === 'Session') return payload.accountId === undefined ? null : asId(payload.uid);
  // A page in progress belongs to a grant only loosely: the page that shows that a session ended must still work.
  if (type === 'Interaction') return null;
  return grantId === null ? null : asId(grantId);
}

const asId = (value: string | undefined): string => (isId(value) ? value : NO_SESSION);

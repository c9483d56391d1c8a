import type { AddedFactor } from '../../factors/own-factors.service.js';
import { type AccountAnswer, type AccountVisit, doneAnswer } from './account-visit.js';
import { ownCodesPage } from './own-factor-bodies.js';

/** What follows an added factor: the first one comes with recovery codes, which are shown once. */
export function addedAnswer(visit: AccountVisit, { recoveryCodes }: AddedFactor): AccountAnswer {
  if (recoveryCodes === null) return doneAnswer(visit, 'factor_added');
  return { page: ownCodesPage(visit, recoveryCodes), texts: visit.common };
}

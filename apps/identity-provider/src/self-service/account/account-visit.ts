import type { FastifyRequest } from 'fastify';
import { ACCOUNT_PAGE } from '../../oauth/clients/account-client.js';
import type { PageProblem } from '../../oauth/pages/elements.js';
import type { Page } from '../../oauth/pages/layout.js';
import type { Texts } from '../../oauth/pages/texts/texts.js';
import type { PageAnswer } from '../../oauth/pages/visit.js';
import type { SessionAccount } from '../../sessions/session-account.js';
import type { Requester } from '../requester.js';
import type { Done, OwnAccountTexts } from './texts/texts.js';

/** What the browser of a signed-in user asks for. */
export interface AccountVisit {
  request: FastifyRequest;
  account: SessionAccount;
  requester: Requester;
  /** The frame of the page, with the messages that all pages share. */
  common: Texts;
  texts: OwnAccountTexts;
  /** Of every form (`AccountSignIn.formToken`). */
  formToken: string;
  /** The path of a page, as the browser asks for it. */
  pathOf(page: string): string;
}

/** A page, or where the browser goes on after a form. */
export type AccountAnswer = PageAnswer | { location: string };

/** Makes the page of a form. @param problem of the form that was just sent */
export type ShowForm = (problem: PageProblem | null) => Page | Promise<Page>;

/** The account page, which says what was done. */
export const doneAnswer = ({ pathOf }: AccountVisit, done: Done): AccountAnswer => ({
  location: pathOf(`${ACCOUNT_PAGE}?done=${done}`),
});

import type { ListedFactor } from '../../factors/factor-rows.js';
import type { PageProblem } from '../../oauth/pages/elements.js';
import { emphasize, notice, summary } from '../../oauth/pages/elements.js';
import { type Html, html } from '../../oauth/pages/html.js';
import type { Page } from '../../oauth/pages/layout.js';
import { fill } from '../../oauth/pages/texts/texts.js';
import { formToken, titled } from './account-form.js';
import type { AccountVisit } from './account-visit.js';
import { timeText } from './own-account-texts.js';
import type { Done } from './texts/texts.js';

/** A sign-in of a browser, or of a program. */
export interface ShownSession {
  id: string;
  /** Of the browser, or of the application that has signed in alone; null if neither is known. */
  name: string | null;
  address: string | null;
  createdAt: Date;
  usedAt: Date;
  isCurrent: boolean;
  /** The applications that this browser is signed in to. */
  applications: string[];
}

export interface Overview {
  factors: ListedFactor[];
  sessions: ShownSession[];
  /** Whether there are more sessions. */
  isCut: boolean;
  /** Mails can be sent. */
  canChangeEmail: boolean;
  done: Done | null;
  problem: PageProblem | null;
}

export function overviewPage(visit: AccountVisit, overview: Overview): Page {
  const { texts, account, pathOf } = visit;
  const { done, problem } = overview;
  const { title } = texts;
  return {
    // Screen readers read the document's title when the page opens; a live region only announces what changes later.
    ...(done === null ? {} : { documentTitle: `${texts.done[done]} ${title}` }),
    ...titled(visit, title, problem),
    width: 'wide',
    body: html`<p class="lead">${emphasize(texts.signedInAs, { email: account.email })}</p>
${summary(problem)}
${done !== null && notice(done === 'email' ? 'info' : 'success', texts.done[done])}
${profile(visit, overview)}
${factors(visit, overview)}
${sessions(visit, overview)}
<p class="links"><a href="${pathOf('/oauth/logout')}">${texts.signOut}</a></p>`,
  };
}

const smallLink = (href: string, text: string): Html =>
  html`<a class="button plain small" href="${href}">${text}</a>`;

function profile({ texts, account, pathOf }: AccountVisit, { canChangeEmail }: Overview): Html {
  const { profile: own } = texts;
  const name = [account.firstName, account.lastName].filter(Boolean).join(' ');
  return html`<section class="card">
<h2>${own.title}</h2>
<ul class="rows">
<li><div class="what"><strong>${own.name}</strong><p class="hint">${name || own.noName}</p></div>${smallLink(pathOf('/account/name'), own.changeName)}</li>
<li><div class="what"><strong>${own.email}</strong><p class="hint">${account.email}${!account.emailVerified && html` (${own.unverified})`}</p></div>${canChangeEmail && smallLink(pathOf('/account/email'), own.changeEmail)}</li>
<li><div class="what"><strong>${own.password}</strong><p class="hint">${own.passwordLead}</p></div>${smallLink(pathOf('/account/password'), own.changePassword)}</li>
</ul>
</section>`;
}

/** Recovery codes have no name that users have chosen. */
export const factorName = ({ texts }: AccountVisit, { kind, name }: ListedFactor): string =>
  kind === 'recovery_codes' ? texts.factors.kinds.recovery_codes : name;

function factors(visit: AccountVisit, { factors: all }: Overview): Html {
  const { texts, common, pathOf } = visit;
  const { factors: own } = texts;
  const time = (date: Date) => timeText(common, date);
  const row = (factor: ListedFactor): Html => {
    const { id, kind, createdAt, lastUsedAt, remaining } = factor;
    const name = factorName(visit, factor);
    const kindText = kind === 'recovery_codes' || name === own.kinds[kind] ? '' : `${own.kinds[kind]}. `;
    const used = lastUsedAt === null ? own.neverUsed : fill(own.used, { time: time(lastUsedAt) });
    const left = remaining === null ? '' : `. ${fill(own.remaining, { count: String(remaining) })}`;
    const removal = pathOf(`/account/factor?id=${id}`);
    return html`<li><div class="what"><strong>${name}</strong><p class="hint">${kindText}${fill(own.added, { time: time(createdAt) })}, ${used}${left}.</p></div>${
      kind === 'recovery_codes'
        ? smallLink(pathOf('/account/recovery-codes'), own.newCodes)
        : html`<a class="button plain small" href="${removal}" aria-label="${fill(own.removeNamed, { name, time: timeText(common, createdAt, 'medium') })}">${own.remove}</a>`
    }</li>
`;
  };
  const hasFactors = all.some(({ kind }) => kind !== 'recovery_codes');
  const hasCodes = all.some(({ kind }) => kind === 'recovery_codes');
  return html`<section class="card">
<h2>${own.title}</h2>
${all.length > 0 ? html`<ul class="rows">${all.map(row)}</ul>` : html`<p class="hint">${own.none}</p>`}
<div class="actions">${smallLink(pathOf('/account/authenticator'), own.addTotp)}
${smallLink(pathOf('/account/passkey'), own.addPasskey)}
${hasFactors && !hasCodes && smallLink(pathOf('/account/recovery-codes'), own.newCodes)}</div>
</section>`;
}

function sessions(visit: AccountVisit, { sessions: all, isCut }: Overview): Html {
  const { texts, common, pathOf } = visit;
  const { sessions: own } = texts;
  const action = pathOf('/account/sessions');
  const row = ({ id, name, address, createdAt, usedAt, isCurrent, applications }: ShownSession): Html => {
    const title = name ?? own.unknown;
    const times = { started: timeText(common, createdAt), used: timeText(common, usedAt) };
    return html`<li><div class="what"><strong>${title}</strong>${isCurrent && html`<span class="badge">${own.current}</span>`}<p class="hint" id="session-${id}">${address !== null && `${address}. `}${fill(own.started, times)}.</p>${applications.length > 0 && html`<p class="hint">${fill(own.applications, { names: applications.join(', ') })}</p>`}</div>${
      !isCurrent &&
      html`<form method="post" action="${action}">${formToken(visit)}<button type="submit" class="plain small" name="id" value="${id}" aria-label="${fill(own.endNamed, { name: title, time: timeText(common, createdAt, 'medium') })}" aria-describedby="session-${id}">${own.end}</button></form>`
    }</li>
`;
  };
  return html`<section class="card">
<h2>${own.title}</h2>
<ul class="rows">${all.map(row)}</ul>
${isCut && html`<p class="hint">${own.newest}</p>`}
<form method="post" action="${action}">
${formToken(visit)}
<p class="hint" id="end-all-hint">${own.endAllLead}</p>
<div class="actions"><button type="submit" class="danger small" name="all" value="yes" aria-describedby="end-all-hint">${own.endAll}</button></div>
</form>
</section>`;
}

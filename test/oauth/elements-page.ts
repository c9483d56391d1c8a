import {
  actions,
  field,
  links,
  notice,
  type PageProblem,
  sign,
} from '#apps/identity-provider/src/oauth/pages/elements.js';
import { html } from '#apps/identity-provider/src/oauth/pages/html.js';
import type { Page } from '#apps/identity-provider/src/oauth/pages/layout.js';

const PROBLEM: PageProblem = {
  field: 'new_password',
  message: 'This password is too common. Choose another.',
};

/** A page with every element of docs/pages.md, as account pages use them. */
export const ELEMENTS_PAGE: Page = {
  title: 'Your account',
  width: 'wide',
  body: html`${notice('success', 'Your password was changed.')}
<section class="card">
<h2>Password</h2>
<p class="lead">You stay signed in here. Every other session ends.</p>
<form method="post">
${field({ name: 'password', label: 'Current password', attributes: html`type="password" autocomplete="current-password"` }, PROBLEM)}
${field({ name: 'new_password', label: 'New password', hint: 'At least 12 characters.', attributes: html`type="password" autocomplete="new-password"` }, PROBLEM)}
<div class="field check"><input type="checkbox" id="others" name="others" value="yes" checked><label for="others">Sign out everywhere else</label></div>
${actions({ label: 'Change password' }, { label: 'Cancel', kind: 'plain' })}
</form>
${links({ href: '#forgotten', text: 'Forgot your password?' }, { href: '#new', text: 'Create an account' })}
</section>
<section class="card">
<h2>Sessions</h2>
${notice('info', 'A session ends by itself after 30 days without use.')}
<ul class="rows">
<li><div class="what"><strong>Firefox on Linux</strong><span class="badge">This browser</span><p class="hint">Berlin, 2 minutes ago</p></div></li>
<li><div class="what"><strong>Example shop</strong><p class="hint">203.0.113.9, yesterday</p></div><form method="post"><button type="submit" class="plain small">Sign out</button></form></li>
</ul>
<div class="table" role="region" aria-label="Recent activity" tabindex="0"><table>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Address</th></tr></thead>
<tbody><tr><td>Today, 09:12</td><td>Signed in</td><td>203.0.113.9</td></tr><tr><td>Yesterday</td><td>New password</td><td>203.0.113.9</td></tr></tbody>
</table></div>
</section>
<section class="card">
<h2>Recovery codes</h2>
${notice('warning', 'Each code works once. Keep them where nobody else can read them.')}
<ul class="codes"><li>h3x9-q2mv</li><li>7kfd-w8nc</li><li>p4tz-6jra</li><li>v9bs-3ehy</li></ul>
</section>
<section class="card">
<h2>Delete account</h2>
${notice('error', 'This cannot be undone.')}
<form method="post">${actions({ label: 'Delete account', kind: 'danger' })}</form>
<p class="or">or</p>
${sign('error')}
<p><a class="button" href="#elsewhere">Go elsewhere</a></p>
</section>`,
};

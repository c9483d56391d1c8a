import { expect, it } from 'vitest';
import { html } from './html.js';

it('escapes values in text and in attributes', () => {
  const hostile = `"><script>alert('&')</script>\``;
  const { text } = html`<p title="${hostile}">${hostile}</p>`;
  expect(text).not.toMatch(/<script|'|`/);
  expect(text.match(/"/g)).toHaveLength(2);
});

it('keeps HTML, joins lists, and leaves nothing out of false, null and undefined', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}${false}${null}${undefined}${0}</ul>`.text).toBe(
    '<ul><li>a</li><li>&#60;b&#62;</li>0</ul>',
  );
});

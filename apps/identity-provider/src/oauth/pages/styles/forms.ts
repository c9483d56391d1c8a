/** Fields, buttons, links below a form. */
export const FORMS = `
form { margin: 1.75rem 0 0; }
.field { margin-top: 1.25rem; }
.field:first-child { margin-top: 0; }
.field .hint { margin: .375rem 0 0; }
label { display: block; margin-bottom: .375rem; font-size: .9375rem; font-weight: 500; }

input, select, textarea {
  display: block;
  width: 100%;
  min-height: 2.75rem;
  padding: .5625rem .75rem;
  font: inherit;
  color: inherit;
  background: var(--input);
  border: 1px solid var(--field);
  border-radius: .5rem;
}
input::placeholder { color: var(--muted); opacity: 1; }
input:focus-visible, select:focus-visible, textarea:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: -1px;
  border-radius: .5rem;
  box-shadow: 0 0 0 4px color-mix(in srgb, var(--accent) 20%, transparent);
}
input[aria-invalid="true"] { border-color: var(--danger); }
input[aria-invalid="true"]:focus-visible {
  outline-color: var(--danger);
  box-shadow: 0 0 0 4px color-mix(in srgb, var(--danger) 20%, transparent);
}
input.code {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: 1.25rem;
  letter-spacing: .1em;
  text-transform: uppercase;
}
.check { display: flex; align-items: flex-start; gap: .625rem; margin-top: 1.125rem; }
.check input { flex: none; width: 1.5rem; height: 1.5rem; min-height: 0; margin: 0; padding: 0; accent-color: var(--brand); }
.check label { margin: 0; font-weight: 400; }

.strength { display: flex; align-items: center; gap: .625rem; margin: .5rem 0 0; color: var(--muted); font-size: .875rem; }
.strength meter { flex: none; width: 6rem; height: .75rem; }

.problem { display: flex; gap: .375rem; margin: .375rem 0 0; color: var(--danger); font-size: .875rem; }
.problem svg { margin-top: .125rem; }

.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.75rem; }
button, .button {
  flex: 1 1 auto;
  min-width: min(8rem, 100%);
  min-height: 2.75rem;
  padding: .5625rem 1rem;
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  color: var(--on-brand);
  background: var(--brand);
  border: 1px solid var(--brand-edge);
  border-radius: .5rem;
  cursor: pointer;
}
a.button { display: inline-grid; place-content: center; }
.wide .actions > * { flex: none; }
button:hover, .button:hover { background: var(--brand-hover); }
button:focus-visible, .button:focus-visible { border-radius: .5rem; }
.plain, .danger { color: var(--text); background: transparent; border-color: var(--field); }
.plain:hover, .danger:hover { background: var(--info-area); }
.danger { color: var(--danger); border-color: var(--danger); }
.danger:hover { background: var(--error-area); }
.small { flex: none; min-width: 0; max-width: 100%; min-height: 2.25rem; padding: .25rem .75rem; font-size: .9375rem; }

.links { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1.5rem 0 0; font-size: .9375rem; }
.links a { display: inline-block; padding: .125rem 0; }

@media (max-width: 30rem) {
  .wide .actions > * { flex: 1 1 auto; }
}
@media (prefers-reduced-motion: no-preference) {
  button, .button { transition: background-color .12s ease-out; }
}
@media (forced-colors: active) {
  button, .button { border-color: ButtonText; }
}

.qr { display: block; width: 100%; max-width: 14rem; margin: 1.25rem auto; background: #ffffff; border-radius: .5rem; }
`;

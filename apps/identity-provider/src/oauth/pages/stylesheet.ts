import { textOn } from './brand.js';

/** The one stylesheet of all pages. @param brandColor `#rrggbb` */
export const stylesheet = (brandColor: string): string => `:root {
  color-scheme: light dark;
  --brand: ${brandColor};
  --on-brand: ${textOn(brandColor)};
  --page: #f4f5f7;
  --card: #ffffff;
  --line: #d9dde3;
  --field: #767d89;
  --text: #16191f;
  --muted: #4d5563;
  --fault: #b3261e;
  --fault-area: #fcefee;
  --note-area: #fdf6e3;
  --focus: #16191f;
}

@media (prefers-color-scheme: dark) {
  :root {
    --page: #101216;
    --card: #1a1d23;
    --line: #333842;
    --field: #8a919e;
    --text: #eceef1;
    --muted: #b3bac6;
    --fault: #ffb4ab;
    --fault-area: #3a2120;
    --note-area: #322c1c;
    --focus: #eceef1;
  }
}

* { box-sizing: border-box; }

html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }

body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: grid;
  grid-template-rows: 1fr auto 2fr;
  justify-items: center;
  padding: 1rem;
  background: var(--page);
  color: var(--text);
  overflow-wrap: anywhere;
}

main {
  grid-row: 2;
  width: 100%;
  max-width: 26rem;
  padding: clamp(1.25rem, 6vw, 2.5rem);
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .75rem;
}

.brand { display: flex; align-items: center; gap: .625rem; margin: 0 0 1.75rem; font-weight: 600; }
.brand img { display: block; max-width: 100%; height: 2.25rem; }
.brand .mark { width: .75rem; height: .75rem; border-radius: 50%; background: var(--brand); border: 1px solid var(--field); }

h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
p { margin: .5rem 0 0; }
.lead, .hint { color: var(--muted); }
.hint { font-size: .875rem; }
form { margin: 1.75rem 0 0; }

.field + .field { margin-top: 1.125rem; }
label { display: block; margin-bottom: .375rem; font-weight: 550; font-size: .9375rem; }

input {
  display: block;
  width: 100%;
  min-height: 2.875rem;
  padding: .5rem .75rem;
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--field);
  border-radius: .5rem;
}
input[aria-invalid="true"] { border-color: var(--fault); border-width: 2px; }
input.code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 1.25rem; letter-spacing: .08em; text-transform: uppercase; }

.problem { margin: .375rem 0 0; color: var(--fault); font-size: .9375rem; }
.problem.summary { margin: 1.25rem 0 0; padding: .75rem 1rem; background: var(--fault-area); border-radius: .5rem; }
.note { margin: 1.25rem 0 0; padding: .75rem 1rem; background: var(--note-area); border-radius: .5rem; }
.user-code { margin: .5rem 0 0; font: 600 1.75rem/1.3 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: .06em; }
ul { margin: 1.25rem 0 0; padding: 0 0 0 1.25rem; }
li + li { margin-top: .375rem; }
details { margin-top: 1.5rem; color: var(--muted); font-size: .875rem; }
summary { min-height: 1.5rem; cursor: pointer; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }

.check { display: flex; gap: .625rem; align-items: flex-start; margin-top: 1.125rem; }
.check input { flex: none; width: 1.5rem; min-height: 1.5rem; margin: 0; accent-color: var(--brand); }
.check label { margin: 0; font-weight: 400; }
.qr { display: block; width: 100%; max-width: 14rem; margin: 1.25rem auto; background: #ffffff; border-radius: .5rem; }
.codes { padding: 0; list-style: none; font-size: 1.125rem; letter-spacing: .04em; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.75rem; }
button, .button {
  flex: 1 1 8rem;
  min-height: 2.875rem;
  padding: .5rem 1.25rem;
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  color: var(--on-brand);
  background: var(--brand);
  border: 1px solid var(--field);
  border-radius: .5rem;
  cursor: pointer;
}
button.plain { color: var(--text); background: transparent; }
button:hover, .button:hover { filter: brightness(1.08); }
a { color: inherit; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }

@media (prefers-reduced-motion: no-preference) {
  button, .button { transition: filter .12s ease-out; }
}
@media (forced-colors: active) {
  button, .button, input { border-color: ButtonText; }
}
`;

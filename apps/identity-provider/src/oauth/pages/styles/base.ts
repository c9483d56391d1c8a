/** Page, card, text. */
export const BASE = `
* { box-sizing: border-box; }
[hidden] { display: none !important; }

html {
  font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
  text-size-adjust: 100%;
}

body {
  display: grid;
  grid-template-rows: 1fr auto 1.6fr;
  grid-template-columns: minmax(0, 26rem);
  justify-content: center;
  min-height: 100vh;
  min-height: 100dvh;
  margin: 0;
  padding: 2rem 1rem;
  background: var(--page);
  color: var(--text);
  overflow-wrap: anywhere;
}
body.wide { grid-template: auto / minmax(0, 46rem); align-content: start; padding-top: 3rem; }

main { grid-row: 2; }
.wide main { grid-row: 1; }
.card, .narrow main {
  padding: 2.5rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .875rem;
  box-shadow: var(--shadow);
}
.card { margin-top: 1.5rem; }
.card > :first-child { margin-top: 0; }

.brand { display: flex; align-items: center; gap: .625rem; margin: 0 0 1.75rem; font-weight: 600; }
.brand img { display: block; max-width: 100%; height: 2rem; }
.brand .mark {
  flex: none;
  width: 2rem;
  font-size: 1.0625rem;
  line-height: 2rem;
  text-align: center;
  color: var(--on-brand);
  background: var(--brand);
  border-radius: .5rem;
  box-shadow: inset 0 0 0 1px var(--brand-edge);
}

h1, h2 { margin: 0; font-weight: 600; letter-spacing: -.012em; text-wrap: balance; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.125rem; line-height: 1.35; }
p { margin: .5rem 0 0; text-wrap: pretty; }
strong { font-weight: 600; }
.lead, .hint { color: var(--muted); }
.lead strong { color: var(--text); }
.hint { font-size: .875rem; }
a { color: var(--accent); text-underline-offset: .16em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
code, .user-code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }

:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }

@media (max-width: 30rem) {
  body { padding: 0; background: var(--card); grid-template-rows: auto; align-content: start; }
  body.wide { padding: 1.5rem 1.25rem; }
  main { grid-row: 1; }
  .narrow main { padding: 2rem 1.25rem; border: 0; border-radius: 0; box-shadow: none; }
  .card { padding: 1.25rem; }
}
`;

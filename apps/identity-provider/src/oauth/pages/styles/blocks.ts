/** Notices, lists, tables, details. */
export const BLOCKS = `
svg { flex: none; display: block; }

.notice { display: flex; gap: .625rem; margin: 1.5rem 0 0; padding: .75rem .875rem; font-size: .9375rem; border: 1px solid transparent; border-radius: .5rem; }
.notice svg { margin-top: .0625rem; }
.notice.info { background: var(--info-area); }
.notice.success { background: var(--success-area); }
.notice.warning { background: var(--warning-area); }
.notice.error { background: var(--error-area); }
.notice.info svg { color: var(--accent); }
.notice.success svg { color: var(--success); }
.notice.warning svg { color: var(--warning); }
.notice.error svg { color: var(--danger); }

.sign { display: grid; place-items: center; width: 2.75rem; height: 2.75rem; margin: 0 0 1.25rem; border-radius: 50%; }
.sign.success { color: var(--success); background: var(--success-area); }
.sign.info { color: var(--accent); background: var(--info-area); }
.sign.error { color: var(--danger); background: var(--error-area); }

.checks, .rows, .codes { margin: 1.5rem 0 0; padding: 0; list-style: none; }
.checks li { display: flex; gap: .625rem; }
.checks li + li { margin-top: .625rem; }
.checks + .hint { margin-top: 1.25rem; }
.checks svg { margin-top: .125rem; color: var(--success); }

.rows li { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; padding: 1rem 0; border-top: 1px solid var(--line); }
.rows li:first-child { border-top: 0; padding-top: 0; }
.rows li:last-child { padding-bottom: 0; }
.rows .what { flex: 1 1 12rem; min-width: 0; }
.rows p { margin: .125rem 0 0; }
.rows form { margin: 0; }
.badge { display: inline-block; margin-left: .5rem; padding: 0 .5rem; font-size: .8125rem; font-weight: 500; color: var(--success); background: var(--success-area); border-radius: 1rem; }

.table { margin: 1.5rem 0 0; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; overflow-wrap: normal; }
th, td { padding: .625rem 1rem .625rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 500; color: var(--muted); }
tr:last-child td { border-bottom: 0; }

.compare { margin-top: 1.5rem; }
.user-code {
  margin: .75rem 0;
  padding: .875rem;
  font-size: 1.75rem;
  font-weight: 600;
  line-height: 1.2;
  letter-spacing: .08em;
  text-align: center;
  background: var(--info-area);
  border: 1px solid transparent;
  border-radius: .5rem;
}
.codes {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(14rem, 100%), 1fr));
  gap: .5rem 1.5rem;
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: 1.125rem;
  letter-spacing: .04em;
}

.or { display: flex; align-items: center; gap: .75rem; margin: 1.5rem 0 0; color: var(--muted); font-size: .875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }

details { margin-top: 1.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .875rem; }
summary { min-height: 1.5rem; cursor: pointer; }
summary:hover { color: var(--text); }
`;

/** As pg's own queries and pg-cursor convert parameters. `test/database/internals.e2e.ts` fails where it changes. */
declare module 'pg/lib/utils.js' {
  const utils: { prepareValue(value: unknown): Buffer | string | null };
  export default utils;
}

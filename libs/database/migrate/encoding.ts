import type { Client } from 'pg';
import { DatabaseProblem } from '../errors/database-problem.js';

/**
 * Refuses a database that cannot store every character, or (SQL_ASCII) stores bytes without an encoding.
 * @throws DatabaseProblem
 */
export async function requireUtf8(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  const encoding = rows[0]?.encoding;
  if (encoding === 'UTF8') return;
  throw new DatabaseProblem(
    `The encoding of the database is ${encoding}, and Twinkey needs UTF8`,
    "Create another one with CREATE DATABASE <name> TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8', and use it in the database URL.",
  );
}

import { DefaultNamingStrategy, type NamingStrategyInterface, type Table, type View } from 'typeorm';

const snake = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const table = (tableOrName: Table | View | string) => {
  const name = typeof tableOrName === 'string' ? tableOrName : tableOrName.name;
  return name.slice(name.lastIndexOf('.') + 1);
};

/** Columns in snake_case, and constraints with Postgres' default names. */
export class PostgresNamingStrategy extends DefaultNamingStrategy implements NamingStrategyInterface {
  override columnName(property: string, custom: string | undefined): string {
    return custom || snake(property);
  }

  override joinColumnName(relation: string, referencedColumn: string): string {
    return `${snake(relation)}_${referencedColumn}`;
  }

  override primaryKeyName(tableOrName: Table | string): string {
    return `${table(tableOrName)}_pkey`;
  }

  override uniqueConstraintName(tableOrName: Table | string, columns: string[]): string {
    return `${table(tableOrName)}_${columns.join('_')}_key`;
  }

  override foreignKeyName(tableOrName: Table | string, columns: string[]): string {
    return `${table(tableOrName)}_${columns.join('_')}_fkey`;
  }

  override indexName(tableOrName: Table | View | string, columns: string[]): string {
    return `${table(tableOrName)}_${columns.join('_')}_idx`;
  }
}

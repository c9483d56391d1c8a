import { Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import { poolOf } from '../queries/prepared-query.js';

/** Open pools with the names of their databases. */
const watched = new Map<DataSource, string>();

function eachPool(report: (database: string, pool: ReturnType<typeof poolOf>) => void): void {
  for (const [dataSource, database] of watched) {
    if (dataSource.isInitialized) report(database, poolOf(dataSource));
    else watched.delete(dataSource);
  }
}

new Gauge({
  name: 'twinkey_database_connections',
  help: 'Connections of a pool, by database and state: active, idle.',
  labelNames: ['database', 'state'] as const,
  collect() {
    this.reset();
    eachPool((database, { totalCount, idleCount }) => {
      this.inc({ database, state: 'active' }, totalCount - idleCount);
      this.inc({ database, state: 'idle' }, idleCount);
    });
  },
});

new Gauge({
  name: 'twinkey_database_connections_max',
  help: 'The maximum number of connections of a pool, by database.',
  labelNames: ['database'] as const,
  collect() {
    this.reset();
    eachPool((database, { options }) => this.inc({ database }, options.max));
  },
});

new Gauge({
  name: 'twinkey_database_waiting',
  help: 'Requests that wait for a connection of a pool, by database.',
  labelNames: ['database'] as const,
  collect() {
    this.reset();
    eachPool((database, { waitingCount }) => this.inc({ database }, waitingCount));
  },
});

/** Shows a data source's pool on `/metrics` while it is open. */
export function watchPool(database: string, dataSource: DataSource): void {
  watched.set(dataSource, database);
}

import { Column, type ColumnOptions, CreateDateColumn, UpdateDateColumn, VersionColumn } from 'typeorm';

/** Milliseconds, as a JS `Date` has them: what is read equals what was written, and cursors lose nothing. */
const time: ColumnOptions = { type: 'timestamptz', precision: 3 };

export const TimeColumn = (options: ColumnOptions = {}) => Column({ ...time, ...options });
export const CreatedAtColumn = () => CreateDateColumn(time);
export const UpdatedAtColumn = () => UpdateDateColumn(time);

/** Raised by every write through TypeORM; the resource's ETag. */
export const RowVersionColumn = () => VersionColumn({ type: 'integer', default: 1 });

/** Text that is ordered and range-searched by its bytes (collation "C"), the same on every machine. */
export const KeyColumn = (options: ColumnOptions = {}) =>
  Column({ ...options, type: 'text', collation: 'C' });

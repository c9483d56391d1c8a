import { Column, type ColumnOptions, CreateDateColumn, UpdateDateColumn, VersionColumn } from 'typeorm';

/** In milliseconds, like a JS `Date`, so that values and cursors keep their precision. */
const time: ColumnOptions = { type: 'timestamptz', precision: 3 };

export const TimeColumn = (options: ColumnOptions = {}) => Column({ ...time, ...options });
export const CreatedAtColumn = () => CreateDateColumn(time);
export const UpdatedAtColumn = () => UpdateDateColumn(time);

/** Every write by TypeORM raises it. It is the resource's ETag. */
export const RowVersionColumn = () => VersionColumn({ type: 'integer', default: 1 });

/** Text that is sorted and searched by its bytes (collation "C"), with the same result on every machine. */
export const KeyColumn = (options: ColumnOptions = {}) =>
  Column({ ...options, type: 'text', collation: 'C' });

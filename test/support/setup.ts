import 'reflect-metadata';
import { register } from 'prom-client';

// The files of a worker share one process: the counters of each start from zero.
register.resetMetrics();

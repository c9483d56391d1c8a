import { defineConfig } from 'vite';

/** The shipped realm's client `frontend` allows this port. */
export default defineConfig({
  root: import.meta.dirname,
  server: { port: 5173, strictPort: true, host: 'localhost' },
});

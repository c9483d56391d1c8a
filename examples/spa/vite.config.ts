import { defineConfig } from 'vite';

/** The port is the one that the shipped realm's client `frontend` knows. */
export default defineConfig({
  root: import.meta.dirname,
  server: { port: 5173, strictPort: true, host: 'localhost' },
});

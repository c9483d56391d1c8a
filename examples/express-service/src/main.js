import { createApp } from './app.js';
import { verifierFrom } from './verifier.js';

const verifier = verifierFrom(process.env);
const port = Number(process.env.PORT ?? 4001);
const server = createApp(verifier).listen(port, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${port}`);
});

process.once('SIGTERM', () => server.close(() => verifier.close()));

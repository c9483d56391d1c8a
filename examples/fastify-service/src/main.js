import { createApp } from './app.js';
import { verifierFrom } from './verifier.js';

const app = await createApp(verifierFrom(process.env));
console.log(await app.listen({ port: Number(process.env.PORT ?? 4002), host: '127.0.0.1' }));

process.once('SIGTERM', () => app.close());

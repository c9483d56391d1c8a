import { createApp } from './app.js';
import { discover } from './provider.js';

const port = Number(process.env.PORT ?? 4004);
const origin = process.env.APP_ORIGIN ?? `http://localhost:${port}`;
const api = process.env.API_URL ?? 'http://localhost:3000/users/me';

const provider = await discover(process.env);
const server = createApp({ provider, origin, api }).listen(port, 'localhost', () => console.log(origin));

process.once('SIGTERM', () => server.close());

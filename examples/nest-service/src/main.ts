import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { verifierFrom } from './verifier.js';

const port = Number(process.env.PORT ?? 4003);
const app = await NestFactory.create(AppModule.forRoot(verifierFrom(process.env)), { logger: ['error'] });
app.enableShutdownHooks();
await app.listen(port, '127.0.0.1');
console.log(`http://127.0.0.1:${port}`);

import type { FastifyReply } from 'fastify';

/** Sends an object as text, because objects would get the envelope. */
export const sendPlainJson = (reply: FastifyReply, body: object): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(JSON.stringify(body));

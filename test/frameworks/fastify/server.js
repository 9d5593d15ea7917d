import websocket from '@fastify/websocket';
import Fastify from 'fastify';
import { page } from './page.js';

const app = Fastify();
await app.register(websocket);
app.get('/', (_request, reply) => reply.type('text/html').send(page));
app.get('/echo', { websocket: true }, (socket) => {
  socket.on('message', (message) => socket.send(`echo: ${message}`));
});
console.log(`listening on ${await app.listen({ port: Number(process.env.PORT ?? 0) })}`);

import { createServer } from 'node:http';
import express from 'express';
import { Server } from 'socket.io';
import { page } from './page.js';

const app = express();
app.get('/', (_request, response) => response.type('html').send(page));
const server = createServer(app);
const io = new Server(server);
io.on('connection', (socket) => socket.on('say', (what) => socket.emit('said', `echo: ${what}`)));
server.listen(process.env.PORT ?? 0, () => console.log(`listening on ${server.address().port}`));

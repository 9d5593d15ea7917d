import { serve, upgradeWebSocket } from '@hono/node-server';
import { Hono } from 'hono';
import { WebSocketServer } from 'ws';
import { page } from './page.js';

const app = new Hono();
app.get('/', (c) => c.html(page));
app.get(
  '/echo',
  upgradeWebSocket(() => ({ onMessage: (event, ws) => ws.send(`echo: ${event.data}`) })),
);
serve(
  {
    fetch: app.fetch,
    port: Number(process.env.PORT ?? 0),
    websocket: { server: new WebSocketServer({ noServer: true }) },
  },
  ({ port }) => console.log(`listening on ${port}`),
);

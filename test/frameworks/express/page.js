const words = 'before the edit';

export const page = `<!doctype html>
<html lang="en">
  <head>
    <title>Express</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <p id="words">${words}</p>
    <button id="count" type="button">clicked 0</button>
    <p id="echo"></p>
    <script>
      let clicks = 0;
      document.querySelector('#count').addEventListener('click', (event) => {
        clicks += 1;
        event.target.textContent = 'clicked ' + clicks;
      });
    </script>
    <script src="/socket.io/socket.io.js"></script>
    <script>
      const socket = io({ transports: ['polling', 'websocket'] });
      const say = () => socket.emit('say', 'over WebSocket');
      socket.on('connect', () => {
        if (socket.io.engine.transport.name === 'websocket') say();
        else socket.io.engine.once('upgrade', say);
      });
      socket.on('said', (what) => {
        document.querySelector('#echo').textContent = what;
      });
    </script>
  </body>
</html>`;

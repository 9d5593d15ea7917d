const words = 'before the edit';

export const page = `<!doctype html>
<html lang="en">
  <head>
    <title>Fastify</title>
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
    <script>
      const socket = new WebSocket('/echo');
      socket.addEventListener('open', () => socket.send('over WebSocket'));
      socket.addEventListener('message', ({ data }) => {
        document.querySelector('#echo').textContent = data;
      });
    </script>
  </body>
</html>`;

module.exports = {
  mode: 'development',
  entry: './src/main.js',
  devServer: {
    // By default its client calls the dev server's own port; with port 0 it calls where the page came from.
    client: { webSocketURL: 'auto://0.0.0.0:0/ws' },
  },
};

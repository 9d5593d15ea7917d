module.exports = { mode: 'development', entry: './src/main.js' };

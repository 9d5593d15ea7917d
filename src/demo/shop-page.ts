/** The page of the sample shop. It shows what reached it: hostname, branch, and a clock that streams. */

/** `index.html`. All that differs between branches comes from `/look.json`. */
export const SHOP_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo shop</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --accent: #777; }
body { margin: 0; font: 17px/1.55 system-ui, sans-serif; }
header { background: var(--accent); color: #fff; padding: 3rem 1.5rem 2.5rem; }
header > *, main { max-width: 44rem; margin-inline: auto; }
h1 { margin-block: 0 .25rem; font-size: 2rem; }
main { padding: 1.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.5rem; margin: 0 0 2rem; }
dt { opacity: .65; }
dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); }
#clock { font-size: 2.5rem; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<header><h1 id="title">Demo shop</h1><div id="cart"></div></header>
<main>
<dl>
<dt>You opened</dt><dd id="origin"></dd>
<dt>The app saw Host</dt><dd id="host"></dd>
<dt>It listens on</dt><dd id="address"></dd>
<dt>Branch</dt><dd id="branch"></dd>
<dt>Streamed, live</dt><dd id="clock">waiting</dd>
</dl>
<p>Nobody told the proxy about this app: it was started in a folder of its own, on a free port.</p>
<p id="others"></p>
</main>
<script type="module">
const look = await (await fetch('/look.json')).json();
const put = (id, text) => { document.getElementById(id).textContent = text; };
document.documentElement.style.setProperty('--accent', look.accent);
document.title = look.title;
put('title', look.title);
put('cart', look.cart);
put('origin', location.origin);
put('host', look.host);
put('address', (look.address.includes(':') ? '[' + look.address + ']' : look.address) + ':' + look.port);
put('branch', look.branch);
new EventSource('/clock').onmessage = (event) => put('clock', event.data);

const domain = location.hostname.split('.').pop();
const names = ['demo-shop', 'new-cart.demo-shop', 'demo-api'].map((name) => name + '.' + domain);
for (const name of names.filter((name) => name !== location.hostname)) {
  const link = document.createElement('a');
  const url = new URL(location.origin);
  url.hostname = name;
  link.href = url.href;
  link.textContent = name;
  document.getElementById('others').append('Try ', link, '. ');
}
</script>
</body>
</html>
`;

/**
 * The dashboard. The page that the server rendered is what is seen first, and all there is without scripts; this takes
 * its place as soon as the first answers are there.
 */
import { render } from 'preact';
import './style/base.css';
import './style/controls.css';
import './style/head.css';
import './style/notes.css';
import './style/tables.css';
import './style/charts.css';
import './style/picture.css';
import './style/drawer.css';
import './style/decisions.css';
import './style/small.css';
import { App } from './app.tsx';
import { routes, services, status } from './state/data.ts';
import { connect, keepCharts } from './state/live.ts';

await Promise.all([status.load(), routes.load(), services.load()]);
const root = document.createElement('div');
root.id = 'app';
render(<App />, root);
document.body.replaceChildren(root);
performance.mark('hostwise-ready');
connect();
keepCharts();

/**
 * The one script of our pages on apps' hostnames: shows the steps as they happen and goes on when there is an answer.
 * The same to the byte in every page, since the policy knows it by its digest. It puts text into the page, never HTML.
 */
import { WAIT_PATH } from '../core/wait.ts';

/** Two loads of the page are at least so far apart: an app that falls over at once does not become a storm. */
const SHORTEST_STAY_MS = 1_000;
/** Where no stream is to be had, the page loads itself again after this time, as it does without scripts. */
const RELOAD_MS = 2_000;

/** See the file's header. */
export const WAITING_SCRIPT = `
const list = document.querySelector('ol.steps');
const picker = document.querySelector('a.pick');
const since = document.querySelector('.since');
const reload = (ms) => setTimeout(() => location.reload(), ms);
const source = new EventSource('${WAIT_PATH}');
source.onmessage = ({ data }) => {
  const { kind, steps } = JSON.parse(data);
  list.replaceChildren(...steps.map(({ text, state }) => {
    const item = document.createElement('li');
    item.className = state;
    item.textContent = text;
    return item;
  }));
  if (kind !== 'ready' && kind !== 'choose') return;
  source.close();
  if (kind === 'ready') reload(Math.max(0, ${SHORTEST_STAY_MS} - performance.now()));
  else location.replace(picker.href + '&return=' + encodeURIComponent(location.href));
};
source.onerror = () => {
  if (source.readyState === EventSource.CLOSED) reload(${RELOAD_MS});
};
setInterval(() => {
  const seconds = Math.round(performance.now() / 1000);
  since.textContent = seconds < 60 ? seconds + ' s' : Math.floor(seconds / 60) + ' min';
}, 1000);
`;

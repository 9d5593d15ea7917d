import { words } from './words.js';

const show = (text) => {
  document.querySelector('#words').textContent = text;
};
show(words);
let clicks = 0;
document.querySelector('#count').addEventListener('click', (event) => {
  clicks += 1;
  event.target.textContent = `clicked ${clicks}`;
});
import.meta.hot.accept('./words.js', (module) => show(module.words));

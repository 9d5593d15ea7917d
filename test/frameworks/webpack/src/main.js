import { words } from './words.js';

const show = () => {
  document.querySelector('#words').textContent = words;
};
show();
let clicks = 0;
document.querySelector('#count').addEventListener('click', (event) => {
  clicks += 1;
  event.target.textContent = `clicked ${clicks}`;
});
module.hot.accept('./words.js', show);
